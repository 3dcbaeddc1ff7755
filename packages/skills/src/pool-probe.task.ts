import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

import type { Json } from '@aos/core';

import { task, type TaskResult } from './task.ts';

/** For the tests of the pool: does what a task should not. */
export const run = task((input: { do: string; value?: Json }): TaskResult => {
  switch (input.do) {
    case 'echo':
      return { value: { pid: process.pid, value: input.value ?? null } };
    case 'spin':
      for (;;) Math.random();
    case 'hoard': {
      const hoard: unknown[] = [];
      for (;;) hoard.push(Array.from({ length: 10_000 }, (_, index) => ({ index })));
    }
    case 'fail':
      return { failure: { code: 'transform_failed', detail: 'As asked.' } };
    case 'reach':
      return {
        value: {
          // oxlint-disable-next-line node/no-process-env -- whether it is there is the question
          secret: String(process.env['PROBE_SECRET']),
          write: codeOf(() => writeFileSync('/tmp/aos-probe', 'x')),
          spawn: codeOf(() => spawnSync('true')),
          thread: codeOf(() => new Worker('0', { eval: true })),
          proto: codeOf(() => Reflect.get({}, '__proto__')),
        },
      };
    default:
      throw new Error('As asked.');
  }
});

function codeOf(reach: () => unknown): string {
  try {
    reach();
    return 'reached';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
