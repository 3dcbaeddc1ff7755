import type { Section } from './section.ts';

export const levels = ['info', 'warn', 'error'] as const;

export interface WrittenReport {
  readonly title: string;
  readonly level: (typeof levels)[number];
  readonly sections: readonly Section[];
}

/** What a level is called at the head of a report; information needs no word. */
export const levelWords = { info: undefined, warn: 'Warning', error: 'Error' } as const;
