import { uuidOf, type Outcome, type PlannerName, type Status, type WaitingFor } from '@aos/core';

export interface RunFilter {
  readonly status?: Status;
  readonly outcome?: Outcome;
  readonly waitingFor?: WaitingFor;
  readonly agent?: string;
  readonly planner?: PlannerName;
  readonly tag?: string;
  /** A skill that one of its steps used. */
  readonly skill?: string;
  /** The failure code it ended with. */
  readonly error?: string;
  readonly createdAfter?: Date;
  readonly createdBefore?: Date;
  /** Made by running this run again. */
  readonly origin?: string;
  /** Words of the goal. */
  readonly q?: string;
}

/** The runs `r` that a filter means: conditions whose parameters are numbered from 1 on. */
export interface RunConditions {
  /** An index finds what these ask for, however rare it is. */
  readonly found: readonly string[];
  /** These are decided run by run. */
  readonly judged: readonly string[];
  /** Those of `found` come first. */
  readonly values: readonly unknown[];
  readonly foundValues: readonly unknown[];
}

/** The place of a run in the list, newest first. */
export interface RunPlace {
  /** As PostgreSQL wrote it: a `Date` would lose the microseconds. */
  readonly createdAt: string;
  readonly id: string;
}

/** Only what is asked for becomes part of the statement, so that it is planned for just that. */
export function runConditions(tenant: string, filter: RunFilter, after?: RunPlace): RunConditions {
  const values: unknown[] = [];
  const found: string[] = [];
  const judged: string[] = [];
  const ask = (list: string[], value: unknown, condition: (parameter: string) => string) => {
    if (value === undefined) return;
    values.push(value);
    list.push(condition(`$${values.length}`));
  };
  const { status, outcome, error, origin, q } = filter;
  ask(found, tenant, (p) => `r.tenant_id = ${p}`);
  ask(found, filter.createdAfter, (p) => `r.created_at > ${p}::timestamptz`);
  ask(found, filter.createdBefore, (p) => `r.created_at < ${p}::timestamptz`);
  const originUuid = origin === undefined ? undefined : (uuidOf('run', origin) ?? NOBODY);
  ask(found, originUuid, (p) => `r.origin_run_id = ${p}::uuid`);
  ask(found, error, (p) => `r.failure_code = ${p}`);
  if (after) {
    values.push(after.createdAt, uuidOf('run', after.id));
    found.push(
      `(r.created_at, r.id) < ($${values.length - 1}::timestamptz, $${values.length}::uuid)`,
    );
  }
  const foundValues = [...values];
  // Written out: only then does the planner see that a partial index serves.
  if (outcome) (isRare(outcome) ? found : judged).push(`r.outcome = '${outcome}'`);
  if (status) (status === 'waiting' ? found : judged).push(`r.status = '${status}'`);
  if (status === 'running') found.push('r.worker_id is not null');
  ask(judged, filter.waitingFor, (p) => `r.waiting_for = ${p}`);
  ask(judged, filter.agent, (p) => `r.agent = ${p}`);
  ask(judged, filter.planner, (p) => `r.planner = ${p}`);
  ask(judged, filter.tag, (p) => goalHas(`${p} = any (g.tags)`));
  ask(judged, q === undefined ? undefined : containing(q), (p) => goalHas(`g.goal ilike ${p}`));
  ask(
    judged,
    filter.skill,
    (p) => `exists (select from aos.steps s where s.run_id = r.id and s.skill = ${p})`,
  );
  return { found, judged, values, foundValues };
}

function isRare(outcome: Outcome): boolean {
  return outcome !== 'succeeded';
}

function goalHas(condition: string): string {
  return `exists (select from aos.goals g where g.run_id = r.id and ${condition})`;
}

/** What is no id names no run. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** A pattern for `ilike`: text that holds these words as they are. */
export function containing(words: string): string {
  return `%${words.replaceAll(/[\\%_]/g, '\\$&')}%`;
}
