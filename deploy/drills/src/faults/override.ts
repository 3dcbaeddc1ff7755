import type { Override } from '../compress.ts';

const WHY = 'it is an age, and shortened like the spans';

/** An age that a threshold asks for. */
export function youngerAge(rule: string, from: string, to: string): readonly Override[] {
  return [{ rule, from, to, why: WHY }];
}
