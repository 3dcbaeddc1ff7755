import type { FailureCode, Problem } from '@aos/core';

/** What a child sends back. Text, since JSON text is the one form that carries no prototype and no code. */
export type TaskAnswer =
  | { readonly json: string }
  | {
      readonly failure: {
        readonly code: FailureCode;
        readonly detail: string;
        readonly problems?: readonly Problem[];
      };
    };

/** Sent by a child when it begins; the clock of the task starts here. */
export const TASK_STARTED = 'aos:started';
