import { idOf, uuidOf, type Failure, type FailureCategory, type FailureCode } from '@aos/core';

import { containing } from './run-filter.ts';

/** `redriving`: an operation has it in hand. */
export const letterStates = ['open', 'redriving', 'redriven', 'discarded'] as const;
export type LetterState = (typeof letterStates)[number];

/** A failed run that waits to be repaired, or was. */
export interface DeadLetter {
  readonly id: string;
  readonly runId: string;
  /** The first run of its lineage. */
  readonly rootRunId: string;
  /** Letters of the lineage before this one. */
  readonly redrives: number;
  readonly state: LetterState;
  readonly goal: string;
  readonly agent: string;
  readonly agentVersion: number;
  readonly epoch: number;
  readonly category: FailureCategory;
  readonly failure: Failure;
  readonly step?: {
    readonly key: string;
    readonly skill: string;
    readonly skillVersion: string;
    readonly attempts: number;
    readonly inputHash?: string;
  };
  readonly plan?: { readonly version: number; readonly hash: string };
  readonly skillVersions: Readonly<Record<string, string>>;
  readonly costUsd: number;
  /** The id of its case. */
  readonly fingerprint: string;
  readonly message: string;
  readonly at: Date;
  readonly operationId?: string;
  readonly redriven?: { readonly runId: string; readonly at: Date; readonly by: string };
  readonly discarded?: { readonly reason: string; readonly at: Date; readonly by: string };
}

export interface LetterFilter {
  readonly state?: LetterState;
  /** The fingerprint. */
  readonly case?: string;
  readonly code?: FailureCode;
  readonly skill?: string;
  readonly agent?: string;
  readonly after?: Date;
  readonly before?: Date;
  /** Words of the failure. */
  readonly q?: string;
}

export interface LetterRow {
  readonly run_id: string;
  readonly root_run_id: string;
  readonly redrives: number;
  readonly goal: string;
  readonly agent: string;
  readonly agent_version: number;
  readonly epoch: number;
  readonly category: FailureCategory;
  readonly failure: Failure;
  readonly step_key: string | null;
  readonly skill: string | null;
  readonly skill_version: string | null;
  readonly attempts: number;
  readonly input_hash: string | null;
  readonly plan_version: number | null;
  readonly plan_hash: string | null;
  readonly skill_versions: Readonly<Record<string, string>>;
  readonly cost_usd: string;
  readonly fingerprint: string;
  readonly message: string;
  readonly at: Date;
  readonly place: string;
  readonly operation_id: string | null;
  readonly redriven_as: string | null;
  readonly redriven_at: Date | null;
  readonly redriven_by: string | null;
  readonly discarded_at: Date | null;
  readonly discarded_by: string | null;
  readonly discard_reason: string | null;
}

/** Columns of the letters `d`, with the goal `g` and the live item `i` of an operation, if there is one. */
export const LETTER_VIEW = `d.run_id, d.root_run_id, d.redrives, g.goal, d.agent, d.agent_version, d.epoch,
         d.category, d.failure, d.step_key, d.skill, d.skill_version, d.attempts, d.input_hash,
         d.plan_version, d.plan_hash, d.skill_versions, d.cost_usd, d.fingerprint, d.message, d.at,
         d.at::text as place, i.operation_id, d.redriven_as, d.redriven_at, d.redriven_by, d.discarded_at,
         d.discarded_by, d.discard_reason`;

export const IS_OPEN = 'd.redriven_as is null and d.discarded_at is null';

const IN_HAND = `exists (select from aos.operation_items x
                          where x.run_id = d.run_id and x.live and x.state = 'pending')`;

/** The letters `d` that a filter means; its parameters come first, as `letterValues` gives them. */
export const LETTER_FILTER = `d.tenant_id = $1
     and case $2::text
           when 'open' then ${IS_OPEN} and not ${IN_HAND}
           when 'redriving' then ${IS_OPEN} and ${IN_HAND}
           when 'redriven' then d.redriven_as is not null
           when 'discarded' then d.discarded_at is not null
           else true
         end
     and ($3::text is null or d.fingerprint = $3)
     and ($4::text is null or d.code = $4)
     and ($5::text is null or d.skill = $5)
     and ($6::text is null or d.agent = $6)
     and ($7::timestamptz is null or d.at > $7)
     and ($8::timestamptz is null or d.at < $8)
     and ($9::text is null or d.failure ->> 'detail' ilike $9)`;

/** How many parameters the filter takes. */
export const LETTER_VALUES = 9;

export function letterValues(tenant: string, filter: LetterFilter): unknown[] {
  return [
    tenant,
    filter.state ?? null,
    filter.case ?? null,
    filter.code ?? null,
    filter.skill ?? null,
    filter.agent ?? null,
    filter.after ?? null,
    filter.before ?? null,
    filter.q === undefined ? null : containing(filter.q),
  ];
}

/** The UUID of its run, whether the id is the letter's or the run's. */
export function letterUuid(id: string): string | undefined {
  return uuidOf('deadLetter', id) ?? uuidOf('run', id);
}

export function toLetter(row: LetterRow): DeadLetter {
  return {
    id: idOf('deadLetter', row.run_id),
    runId: idOf('run', row.run_id),
    rootRunId: idOf('run', row.root_run_id),
    redrives: row.redrives,
    state: stateOf(row),
    goal: row.goal,
    agent: row.agent,
    agentVersion: row.agent_version,
    epoch: row.epoch,
    category: row.category,
    failure: row.failure,
    ...stepOf(row),
    ...(row.plan_version !== null &&
      row.plan_hash !== null && { plan: { version: row.plan_version, hash: row.plan_hash } }),
    skillVersions: row.skill_versions,
    costUsd: Number(row.cost_usd),
    fingerprint: row.fingerprint,
    message: row.message,
    at: row.at,
    ...(row.operation_id && { operationId: idOf('operation', row.operation_id) }),
    ...settledOf(row),
  };
}

function stateOf(row: LetterRow): LetterState {
  if (row.discarded_at) return 'discarded';
  if (row.redriven_as) return 'redriven';
  return row.operation_id ? 'redriving' : 'open';
}

function stepOf(row: LetterRow): Pick<DeadLetter, 'step'> {
  if (row.step_key === null || row.skill === null) return {};
  return {
    step: {
      key: row.step_key,
      skill: row.skill,
      skillVersion: row.skill_version ?? '',
      attempts: row.attempts,
      ...(row.input_hash && { inputHash: row.input_hash }),
    },
  };
}

function settledOf(row: LetterRow): Pick<DeadLetter, 'redriven' | 'discarded'> {
  if (row.redriven_as && row.redriven_at) {
    const runId = idOf('run', row.redriven_as);
    return { redriven: { runId, at: row.redriven_at, by: row.redriven_by ?? '' } };
  }
  if (!row.discarded_at) return {};
  const { discard_reason, discarded_at, discarded_by } = row;
  return {
    discarded: { reason: discard_reason ?? '', at: discarded_at, by: discarded_by ?? '' },
  };
}
