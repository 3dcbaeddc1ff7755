import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  checkHistory,
  readEffects,
  type CheckOptions,
  type CheckReport,
  type Violation,
} from '@aos/checker';
import { AosError, STALLS_MAX, uuidOf } from '@aos/core';

import type { Human } from './human.ts';
import type { Readers } from './readers.ts';
import type { Wish } from './workload.ts';
import type { World } from './world.ts';

export interface Evidence {
  readonly wishes: readonly Wish[];
  readonly human: Human;
  readonly readers: Readers;
}

export interface Verdict {
  readonly violations: readonly Violation[];
  readonly report: CheckReport;
  readonly effects: number;
}

const END_WITHIN_MS = 120_000;
const STREAMS_WITHIN_MS = 60_000;

/** Nobody hurts the world any more: everything must end, and be what all who took part remember. */
export async function judge(
  world: World,
  evidence: Evidence,
  clockToleranceMs?: number,
): Promise<Verdict> {
  const violations: Violation[] = [];
  for (const { run, state } of await unfinished(world)) {
    violations.push({
      invariant: 'I1',
      run,
      evidence: `It did not end after the last fault: ${state}`,
    });
  }
  for (const run of await evidence.readers.done(STREAMS_WITHIN_MS)) {
    violations.push({ invariant: 'I9', run, evidence: 'Its event stream did not end.' });
  }
  await evidence.human.stop();
  for (const fault of evidence.readers.faults)
    violations.push({ invariant: 'I9', evidence: fault });
  const runsOf = await runsByToken(world);
  violations.push(...clientsAgree(evidence.wishes, runsOf));
  violations.push(...(await humanAgrees(world, evidence.human)));
  violations.push(...(await poisonedInVain(world)));

  const folder = mkdtempSync(join(tmpdir(), 'aos-effects-'));
  try {
    const file = join(folder, 'effects.ndjson');
    const single = new Map([...runsOf].flatMap(([token, [run]]) => (run ? [[token, run]] : [])));
    const written = world.target.writeLog(file, single);
    const effects = await readEffects(file);
    const options = {
      databaseUrl: world.databaseUrl,
      effects,
      ...(clockToleranceMs !== undefined && { clockToleranceMs }),
    };
    const { report, found } = await checkPatiently(options);
    violations.push(...found);
    return { violations, report, effects: written };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function unfinished({ database }: World): Promise<{ run: string; state: string }[]> {
  for (const until = Date.now() + END_WITHIN_MS; ;) {
    const rows = await database
      .query<{ run: string; state: string }>(UNFINISHED)
      .catch(() => undefined);
    if (rows?.length === 0) return [];
    if (Date.now() > until) return rows ?? [{ run: '', state: 'the database does not answer' }];
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** A machine that is busy with something else may not let us in at once. */
async function checkPatiently(
  options: CheckOptions,
): Promise<{ readonly report: CheckReport; readonly found: readonly Violation[] }> {
  for (let left = CHECK_ATTEMPTS; ; left--) {
    const found: Violation[] = [];
    try {
      return { report: await checkHistory(options, (one) => found.push(one)), found };
    } catch (error) {
      const busy = error instanceof AosError && error.code === 'database_unavailable';
      if (!busy || left <= 1) throw error;
    }
  }
}

const CHECK_ATTEMPTS = 10;

const UNFINISHED = `
  select 'run_' || r.id as run,
         format('%s, waits for %s until %s, epoch %s, job %s from %s, steps %s', r.status,
                r.waiting_for, r.wake_at, r.epoch, j.state, j.start_after,
                (select string_agg(format('%s: %s %s %s', s.key, s.status, s.waiting_for, s.wake_at), '; ')
                   from aos.steps s where s.run_id = r.id)) as state
    from aos.runs r
    left join pgboss.job j on j.name = 'runs' and j.id = r.id
   where r.status <> 'finished'`;

async function runsByToken({ database }: World): Promise<ReadonlyMap<string, string[]>> {
  const rows = await database.query<{ token: string; runs: string[] }>(
    `select input ->> 'token' as token, array_agg('run_' || run_id) as runs
       from aos.goals group by 1`,
  );
  return new Map(rows.map(({ token, runs }) => [token, runs]));
}

/** What was answered with a run is there, once; what was not answered is there at most once. */
function clientsAgree(
  wishes: readonly Wish[],
  runsOf: ReadonlyMap<string, readonly string[]>,
): Violation[] {
  return wishes.flatMap(({ token, runId, otherRunId, keyed, refused }): Violation[] => {
    const runs = runsOf.get(token) ?? [];
    const found: Violation[] = [];
    if (runId !== undefined && !runs.includes(runId)) {
      found.push({
        invariant: 'I1',
        run: runId,
        evidence: `It was accepted for ${token} and is not there.`,
      });
    }
    if (runs.length > 1 || otherRunId !== undefined) {
      const how = keyed ? 'with one key' : 'once';
      found.push({
        invariant: 'I2',
        evidence: `${token}, sent ${how}, made ${runs.join(', ')} ${otherRunId ?? ''}.`,
      });
    }
    if (refused !== undefined)
      found.push({ invariant: 'I1', evidence: `${token} was refused: ${refused}` });
    return found;
  });
}

async function humanAgrees({ database }: World, { decided }: Human): Promise<Violation[]> {
  const rows = await database.query<{ id: string; decision: string | null }>(
    `select 'apr_' || id as id, decision from aos.approvals where id = any ($1::uuid[])`,
    [[...decided.keys()].map((id) => uuidOf('approval', id))],
  );
  const stored = new Map(rows.map(({ id, decision }) => [id, decision]));
  return [...decided].flatMap(([id, decision]): Violation[] =>
    stored.get(id) === decision
      ? []
      : [
          {
            invariant: 'I15',
            evidence: `${id} was taken as ${decision} and is ${stored.get(id)}.`,
          },
        ],
  );
}

/** A run may be given up only when its workers died, again and again, since it last got anywhere. */
async function poisonedInVain({ database }: World): Promise<Violation[]> {
  const rows = await database.query<{ run: string; deaths: number; story: string }>(POISONED);
  return rows
    .filter(({ deaths }) => deaths < STALLS_MAX)
    .map(({ run, deaths, story }) => ({
      invariant: 'I1',
      run,
      evidence: `It was given up after the death of ${deaths} workers, not ${STALLS_MAX}: ${story}`,
    }));
}

const POISONED = `
  select 'run_' || r.id as run,
         (select count(distinct w.process_id)::int
            from aos.workers w
           where w.state = 'lost' and w.ended_at <= e.at
             and w.ended_at > (select max(p.at)
                                 from aos.events p
                                where p.run_id = r.id and p.epoch < e.epoch
                                  and p.type not in ('run.started', 'step.started'))
             and not exists (select from aos.workers n
                              where n.process_id = w.process_id and n.started_at > w.started_at)) as deaths,
         (select string_agg(format('%s %s %s %s', to_char(s.at, 'HH24:MI:SS.MS'), s.epoch, s.type, w.state), '; ' order by s.seq)
            from aos.events s
            left join aos.workers w on w.id = substr(s.data ->> 'workerId', 5)::uuid
           where s.run_id = r.id) as story
    from aos.runs r
    join aos.events e on e.run_id = r.id and e.type = 'run.finished'
   where r.failure_code = 'run_poisoned'`;
