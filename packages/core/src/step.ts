import type { Failure } from './failures.ts';
import type { Json } from './json.ts';
import type { EffectClass } from './skill.ts';

/** What the journal knows of one step, or of one item of a `forEach` step. No record: it has not begun. */
export type StepRecord = StepBase & StepState;

interface StepBase {
  /** The step's key; `key[3]` for an item. */
  readonly key: string;
  readonly skill: string;
  readonly skillVersion: string;
  readonly effect: EffectClass;
  /** Attempts begun so far. */
  readonly attempt: number;
  /** Of the resolved input; an approval is bound to it. */
  readonly inputHash?: string;
  readonly startedAt?: Date;
  readonly finishedAt?: Date;
}

export type StepState =
  /** An effect may be under way. */
  | { readonly status: 'started' }
  | { readonly status: 'waiting'; readonly wait: StepWait }
  | { readonly status: 'completed'; readonly output: Json }
  /** `output` when `onError` puts one in its place. */
  | { readonly status: 'failed'; readonly failure: Failure; readonly output?: Json }
  | { readonly status: 'skipped'; readonly reason: SkipReason };

export type StepWait =
  | { readonly for: 'retry'; readonly until: Date; readonly failure: Failure }
  | { readonly for: 'approval'; readonly approvalId: string }
  /** The outcome of an effect is unknown; a human says whether to run it again. */
  | { readonly for: 'review'; readonly approvalId: string }
  /** What it reaches is out. `released`: when it was let go again. */
  | {
      readonly for: 'target';
      readonly target: string;
      readonly failure: Failure;
      readonly released?: Date;
    };

export type StepStatus = StepState['status'];

/** `condition`: its `when` was false. `input_missing`: it reads a step that has no output. */
export type SkipReason = 'condition' | 'input_missing';

/** Whether nothing more happens to the step. */
export function isSettled(record: StepRecord | undefined): boolean {
  return (
    record?.status === 'completed' || record?.status === 'failed' || record?.status === 'skipped'
  );
}

/** What later steps read; undefined when there is nothing to read. */
export function outputOf(record: StepRecord | undefined): Json | undefined {
  return record?.status === 'completed' || record?.status === 'failed' ? record.output : undefined;
}

export function itemKey(key: string, index: number): string {
  return `${key}[${index}]`;
}

/** The key of the plan's step that a record belongs to. */
export function planKeyOf(key: string): string {
  const bracket = key.indexOf('[');
  return bracket === -1 ? key : key.slice(0, bracket);
}
