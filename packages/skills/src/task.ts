import type { Json } from '@aos/core';

import { TASK_STARTED, type TaskAnswer } from './task-protocol.ts';

/**
 * The child's side of the pool: makes `run` of a task file. Imports no code of the other packages, so
 * that a child starts in a fraction of a second. What `prepare` loads does not count as time of the task.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the pool sends what the skill gave it
export function task<Input>(
  work: (input: Input) => Promise<TaskResult> | TaskResult,
  prepare: (input: Input) => Promise<unknown> = async () => {},
): (input: string) => Promise<TaskAnswer> {
  return async (text) => {
    const input = JSON.parse(text) as Input;
    await prepare(input);
    process.send?.(TASK_STARTED);
    const result = await work(input);
    return 'failure' in result ? result : { json: JSON.stringify(result.value) };
  };
}

export type TaskResult = { readonly value: Json } | Extract<TaskAnswer, { failure: unknown }>;
