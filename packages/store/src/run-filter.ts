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

/** The runs `r` that a filter means; its parameters come first, as `filterValues` gives them. */
export const RUN_FILTER = `r.tenant_id = $1
          and ($2::text is null or r.status = $2)
          and ($3::text is null or r.outcome = $3)
          and ($4::text is null or r.agent = $4)
          and ($5::text is null or r.planner = $5)
          and ($6::text is null or r.failure_code = $6)
          and ($7::timestamptz is null or r.created_at > $7)
          and ($8::timestamptz is null or r.created_at < $8)
          and ($9::text is null or exists (
                select from aos.goals g where g.run_id = r.id and $9 = any (g.tags)))
          and ($10::text is null or exists (
                select from aos.steps s where s.run_id = r.id and s.skill = $10))
          and ($11::text is null or exists (
                select from aos.goals g where g.run_id = r.id and g.goal ilike $11))
          and ($12::uuid is null or r.origin_run_id = $12)
          and ($13::text is null or r.waiting_for = $13)`;

/** How many parameters the filter takes. */
export const FILTER_VALUES = 13;

export function filterValues(tenant: string, filter: RunFilter): unknown[] {
  return [
    tenant,
    filter.status ?? null,
    filter.outcome ?? null,
    filter.agent ?? null,
    filter.planner ?? null,
    filter.error ?? null,
    filter.createdAfter ?? null,
    filter.createdBefore ?? null,
    filter.tag ?? null,
    filter.skill ?? null,
    filter.q === undefined ? null : containing(filter.q),
    filter.origin === undefined ? null : (uuidOf('run', filter.origin) ?? NOBODY),
    filter.waitingFor ?? null,
  ];
}

/** What is no id names no run. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** A pattern for `ilike`: text that holds these words as they are. */
export function containing(words: string): string {
  return `%${words.replaceAll(/[\\%_]/g, '\\$&')}%`;
}
