import { eventually } from '../eventually.ts';
import type { DrillStack } from '../stack.ts';
import { pageRun } from './load.ts';

const HANGING_PATH = '/hangs';
const LIMIT_MS = 30_000;
const TIMEOUT_MS = 300_000;

/** A worker of this many slots has them all taken by runs that wait for a site that does not answer. */
export const ONE_SLOT = { WORKER_SLOTS: '1' };

/** The only slot waits for a site that does not answer; whoever asks it once more is answered. */
export async function hangOnlySlot(stack: DrillStack): Promise<void> {
  const asked = () => stack.pages.requests.filter(({ path }) => path === HANGING_PATH).length;
  stack.pages.serve(HANGING_PATH, (_, response) => {
    if (asked() > 1) response.end('back');
  });
  await stack.client.runs.create(pageRun(stack, HANGING_PATH, TIMEOUT_MS));
  const what = 'the worker asked the site that hangs';
  await eventually({ what, limitMs: LIMIT_MS }, () => (asked() > 0 ? true : undefined));
}
