import { AosError, failures, type FailureCode } from '@aos/core';

import type { Db } from './db.ts';
import { IS_OPEN } from './letter-row.ts';

export const caseStates = ['open', 'muted', 'fixed', 'resolved'] as const;
export type CaseState = (typeof caseStates)[number];

/** All failures of one cause: what people say about it, and what the letters tell. */
export interface Case {
  /** The fingerprint. */
  readonly id: string;
  readonly state: CaseState;
  /** It was fixed or resolved, and came back on that version or a newer one. */
  readonly reopened: boolean;
  readonly owner?: string;
  readonly note?: string;
  /** The version that has the cure, or the newest that was seen failing. */
  readonly version?: string;
  readonly changed?: { readonly at: Date; readonly by: string };
  readonly code: FailureCode;
  readonly skill?: string;
  readonly step?: string;
  readonly message: string;
  readonly skillVersions: readonly string[];
  readonly letters: number;
  readonly openLetters: number;
  readonly costUsd: number;
  /** Letters of the last hour. */
  readonly lastHour: number;
  readonly firstSeen: Date;
  readonly lastSeen: Date;
}

export interface CaseFilter {
  readonly state?: CaseState;
  readonly owner?: string;
  readonly code?: FailureCode;
  readonly skill?: string;
}

export interface CasePlace {
  readonly lastSeen: string;
  readonly id: string;
}

interface CaseRow {
  readonly fingerprint: string;
  readonly state: CaseState;
  readonly reopened: boolean;
  readonly owner: string | null;
  readonly note: string | null;
  readonly version: string | null;
  readonly changed_at: Date | null;
  readonly changed_by: string | null;
  readonly code: FailureCode;
  readonly skill: string | null;
  readonly step_key: string | null;
  readonly message: string;
  readonly skill_versions: readonly string[];
  readonly letters: number;
  readonly open_letters: number;
  readonly cost_usd: string;
  readonly last_hour: number;
  readonly first_seen: Date;
  readonly last_seen: Date;
  readonly place: string;
}

/** Counted when somebody asks: a row of counters would be one that all failures wait for. */
const CASES = `
  select f.*, f.last_seen::text as place,
         f.came_back as reopened, c.owner, c.note, c.version, c.changed_at, c.changed_by,
         case when f.came_back then 'open' else coalesce(c.state, 'open') end as state
    from (select d.tenant_id, d.fingerprint, min(d.code) as code, min(d.skill) as skill,
                 min(d.step_key) as step_key, min(d.message) as message,
                 coalesce(array_agg(distinct d.skill_version) filter (where d.skill_version is not null), '{}')
                   as skill_versions,
                 count(*)::int as letters,
                 (count(*) filter (where ${IS_OPEN}))::int as open_letters,
                 sum(d.cost_usd) as cost_usd,
                 (count(*) filter (where d.at > now() - interval '1 hour'))::int as last_hour,
                 min(d.at) as first_seen, max(d.at) as last_seen,
                 coalesce(bool_or(aos.reopens(k.state, k.changed_at, k.version, d.at, d.skill_version)), false)
                   as came_back
            from aos.dead_letters d
            left join aos.cases k on k.tenant_id = d.tenant_id and k.fingerprint = d.fingerprint
           where d.tenant_id = $1
             and ($2::text is null or d.fingerprint = $2)
           group by d.tenant_id, d.fingerprint) as f
    left join aos.cases c on c.tenant_id = f.tenant_id and c.fingerprint = f.fingerprint`;

export async function get(db: Db, tenant: string, id: string): Promise<Case> {
  const rows = await db.query<CaseRow>(CASES, [tenant, id]);
  if (!rows[0]) throw new AosError('case_not_found', failures.case_not_found.meaning);
  return toCase(rows[0]);
}

/** Those seen last come first. */
export async function list(
  db: Db,
  tenant: string,
  filter: CaseFilter,
  page: { readonly limit: number; readonly after?: CasePlace },
): Promise<{ readonly items: readonly Case[]; readonly next?: CasePlace }> {
  const rows = await db.query<CaseRow>(
    `select * from (${CASES}) as x
      where ($3::text is null or x.state = $3)
        and ($4::text is null or x.owner = $4)
        and ($5::text is null or x.code = $5)
        and ($6::text is null or x.skill = $6)
        and ($7::timestamptz is null or (x.last_seen, x.fingerprint) < ($7::timestamptz, $8))
      order by x.last_seen desc, x.fingerprint desc
      limit $9 + 1`,
    [
      tenant,
      null,
      filter.state ?? null,
      filter.owner ?? null,
      filter.code ?? null,
      filter.skill ?? null,
      page.after?.lastSeen ?? null,
      page.after?.id ?? null,
      page.limit,
    ],
  );
  const last = rows.length > page.limit ? rows[page.limit - 1] : undefined;
  return {
    items: rows.slice(0, page.limit).map(toCase),
    ...(last && { next: { lastSeen: last.place, id: last.fingerprint } }),
  };
}

/** What is left out stays as it was; null takes it away. */
export interface CaseChange {
  readonly state?: CaseState;
  readonly owner?: string | null;
  readonly note?: string | null;
  /** With `fixed`: the version that has the cure. */
  readonly version?: string;
}

/** Notes what somebody says about a case. In the caller's transaction; the case must be there. */
export async function say(
  tx: Db,
  tenant: string,
  id: string,
  change: CaseChange,
  by: string,
): Promise<void> {
  const { skillVersions } = await get(tx, tenant, id);
  const newest = skillVersions
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);
  const version = change.state === 'fixed' ? change.version : change.state && newest;
  await tx.query(
    `insert into aos.cases as kept (tenant_id, fingerprint, state, owner, note, version, changed_by)
     values ($1, $2, coalesce($3, 'open'), $4, $5, $6, $7)
         on conflict (tenant_id, fingerprint) do update
        set state = coalesce($3, kept.state),
            owner = case when $8 then $4 else kept.owner end,
            note = case when $9 then $5 else kept.note end,
            version = case when $3 is null then kept.version else $6 end,
            -- Words about a case do not make it younger: only its state decides what undoes it.
            changed_at = case when $3 is null then kept.changed_at else clock_timestamp() end,
            changed_by = $7`,
    [
      tenant,
      id,
      change.state ?? null,
      change.owner ?? null,
      change.note ?? null,
      version ?? null,
      by,
      change.owner !== undefined,
      change.note !== undefined,
    ],
  );
}

function toCase(row: CaseRow): Case {
  return {
    id: row.fingerprint,
    state: row.state,
    reopened: row.reopened,
    ...(row.owner !== null && { owner: row.owner }),
    ...(row.note !== null && { note: row.note }),
    ...(row.version !== null && { version: row.version }),
    ...(row.changed_at && { changed: { at: row.changed_at, by: row.changed_by ?? '' } }),
    code: row.code,
    ...(row.skill !== null && { skill: row.skill }),
    ...(row.step_key !== null && { step: row.step_key }),
    message: row.message,
    skillVersions: row.skill_versions,
    letters: row.letters,
    openLetters: row.open_letters,
    costUsd: Number(row.cost_usd),
    lastHour: row.last_hour,
    firstSeen: row.first_seen,
    lastSeen: row.last_seen,
  };
}
