import { setTimeout as sleep } from 'node:timers/promises';

import type { NewRun } from '@aos/core';

import { ApiError } from '@aos/sdk';

import type { Drill } from '../drill.ts';
import { eventually } from '../eventually.ts';
import type { DrillStack } from '../stack.ts';

export const GOOD_PATH = '/good';
export const BAD_PATH = '/bad';

const PARALLEL = 32;
const LIMIT_MS = 60_000;

/** A run of one step that asks for a page of the outside world. */
export function pageRun({ pages }: DrillStack, path: string, timeoutMs = 60_000): NewRun {
  const input = { url: pages.url + path };
  return {
    goal: `Read ${path}`,
    plan: { version: 1, steps: [{ key: 'read', skill: 'http_request', input, timeoutMs }] },
  };
}

/** Accepts so many runs that read a good page. */
export async function queueRuns(stack: DrillStack, count: number): Promise<void> {
  stack.pages.serve(GOOD_PATH, 'good');
  let left = count;
  const post = async (): Promise<void> => {
    while (left-- > 0) {
      await eventually({ what: 'the API took a run', limitMs: LIMIT_MS }, () =>
        stack.client.runs.create(pageRun(stack, GOOD_PATH)).catch(unlessTooFast),
      );
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, post));
}

/** The API takes 200 requests a second of one key; who asks for more comes again. */
function unlessTooFast(error: unknown): undefined {
  if (!(error instanceof ApiError) || error.code !== 'rate_limited') throw error;
}

/** Posts so many runs a second, until the stack ends. */
export function keepPosting(
  stack: DrillStack,
  perS: number,
  make: (number: number) => NewRun,
): void {
  const end = new AbortController();
  const loop = async (): Promise<void> => {
    for (let number = 0; !end.signal.aborted; number++) {
      // What is refused, as by an API that is gone, is no load.
      void stack.client.runs.create(make(number)).catch(() => {});
      await sleep(1_000 / perS, undefined, { signal: end.signal }).catch(() => {});
    }
  };
  const running = loop();
  stack.defer(async () => {
    end.abort();
    await running;
  });
}

/** Of so many runs a second the first ones read the bad page, the others the good one. */
export function keepReading(stack: DrillStack, perS: number, bad: number): void {
  stack.pages.serve(GOOD_PATH, 'good');
  keepPosting(stack, perS, (number) => pageRun(stack, number % perS < bad ? BAD_PATH : GOOD_PATH));
}

/** For what the bad page broke. */
export const answerAgain: NonNullable<Drill['mend']> = {
  what: 'The site has the page again.',
  perform: async ({ pages }) => pages.serve(BAD_PATH, 'good again'),
};
