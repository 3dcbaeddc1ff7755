import { setTimeout as sleep } from 'node:timers/promises';

import type { Held } from './held.ts';
import type { World } from './world.ts';

/** A run whose step waits for an answer that does not come, and who holds it. */
export interface HeldRun extends Held {
  readonly pid: number;
}

let runs = 0;

/** Accepts a run that hangs in its first step, and waits until a worker is in it. */
export async function holdRun(world: World, limitMs = 60_000): Promise<HeldRun> {
  const token = `hold-${++runs}`;
  const plan = {
    version: 1,
    steps: [
      {
        key: 'hang',
        skill: 'http_request',
        input: { url: `http://target.test/${token}/hang` },
        timeoutMs: 60_000,
      },
    ],
  };
  const body = { goal: 'Hold', plan, input: { token } };
  const answer = await world.caller.insist('POST', '/v1/runs', body, token);
  const id = String(answer?.body['id']).slice('run_'.length);
  return until(limitMs, `run ${id} is held`, async () => {
    const [row] = await world.database.query<HeldRun>(
      `select r.id, r.epoch, w.pid
         from aos.runs r
         join aos.workers w on w.id = r.worker_id
        where r.id = $1 and r.status = 'running'`,
      [id],
    );
    return row && world.target.attempts.some((one) => one.token === token) ? row : undefined;
  });
}

/** Milliseconds from `at` until another worker went on with the run. */
export async function wentOnAfter(
  { database }: World,
  { id, epoch }: Held,
  at: number,
  limitMs = 60_000,
): Promise<number> {
  return until(limitMs, `run ${id} goes on`, async () => {
    const [row] = await database
      .query<{ ms: number }>(
        `select extract(epoch from min(at)) * 1000 as ms
           from aos.events where run_id = $1 and type = 'run.started' and epoch > $2
         having count(*) > 0`,
        [id, epoch],
      )
      .catch(() => []);
    return row && row.ms - at;
  });
}

export async function until<T>(
  limitMs: number,
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  for (const end = Date.now() + limitMs; ;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > end) throw new Error(`It did not happen within ${limitMs} ms that ${what}.`);
    await sleep(20);
  }
}
