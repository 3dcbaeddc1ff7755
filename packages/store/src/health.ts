import type { Db } from './db.ts';

/** The state of the server and of our tables, as far as a reader may see it. */
export interface Health {
  /** Such as 180004. */
  readonly serverVersion: number;
  readonly now: Date;
  readonly settings: ReadonlyMap<string, string>;
  readonly isReplica: boolean;
  readonly connections: { readonly used: number; readonly max: number };
  /** Seconds; 0 when there is none, undefined when the login may not see those of others. */
  readonly oldestTransactionS: number | undefined;
  /** What a slot that nobody reads keeps of the write-ahead log. */
  readonly idleSlotBytes: number;
  /** The newest attempt to archive failed. */
  readonly archiveFails: boolean;
  /** Runs under way whose worker is none that lives. */
  readonly orphanLeases: number;
  readonly liveWorkers: number;
  /** Versions of AOS that live workers run. */
  readonly workerVersions: readonly string[];
  readonly tables: readonly TableHealth[];
  /** Until when the log has parts. */
  readonly eventPartsUntil: Date | undefined;
}

export interface TableHealth {
  readonly name: string;
  readonly live: number;
  readonly dead: number;
}

/** Leases end by themselves; whoever is not rescued so long after is forgotten. */
const ORPHAN_AFTER_S = 60;

export async function read(db: Db): Promise<Health> {
  const [server] = await db.query<{
    version: number;
    now: Date;
    replica: boolean;
    used: number;
    max: number;
    oldest_s: number | null;
    slot_bytes: string;
    archive_fails: boolean;
  }>(SERVER);
  if (!server) throw new Error('The server tells nothing of itself.');
  const [ours] = await db.query<{ orphans: number; live: number; versions: string[] }>(
    `select (select count(*)::int
               from aos.runs r
               left join aos.workers w on w.id = r.worker_id
              where r.status = 'running'
                and (w.id is null or w.lease_until < now() - make_interval(secs => ${ORPHAN_AFTER_S}))) as orphans,
            count(*) filter (where state = 'live' and lease_until > now())::int as live,
            coalesce(array_agg(distinct version)
                       filter (where state = 'live' and lease_until > now()), '{}') as versions
       from aos.workers`,
  );
  const tables = await db.query<{ name: string; live: number; dead: number }>(
    `select relname as name, n_live_tup::float8 as live, n_dead_tup::float8 as dead
       from pg_stat_user_tables where schemaname in ('aos', 'pgboss')`,
  );
  return {
    serverVersion: server.version,
    now: server.now,
    settings: await settingsOf(db),
    isReplica: server.replica,
    connections: { used: server.used, max: server.max },
    oldestTransactionS: server.oldest_s ?? undefined,
    idleSlotBytes: Number(server.slot_bytes),
    archiveFails: server.archive_fails,
    orphanLeases: ours?.orphans ?? 0,
    liveWorkers: ours?.live ?? 0,
    workerVersions: ours?.versions ?? [],
    tables,
    eventPartsUntil: await eventPartsUntil(db),
  };
}

const SETTINGS = ['fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums'];

async function settingsOf(db: Db): Promise<ReadonlyMap<string, string>> {
  const rows = await db.query<{ name: string; setting: string }>(
    'select name, setting from pg_settings where name = any($1)',
    [SETTINGS],
  );
  return new Map(rows.map(({ name, setting }) => [name, setting]));
}

/** A part is a range of run ids, and an id begins with its time. */
async function eventPartsUntil(db: Db): Promise<Date | undefined> {
  const [row] = await db.query<{ bound: string | null }>(
    `select max(substring(pg_get_expr(c.relpartbound, c.oid) from 'TO \\(''([0-9a-f-]{36})''\\)')) as bound
       from pg_inherits i
       join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'aos.events'::regclass`,
  );
  const time = row?.bound?.replaceAll('-', '').slice(0, 12);
  return time === undefined ? undefined : new Date(Number.parseInt(time, 16));
}

const SERVER = `
  select current_setting('server_version_num')::int as version,
        clock_timestamp() as now,
        pg_is_in_recovery() as replica,
        (select count(*)::int from pg_stat_activity where datid is not null and usesysid is not null) as used,
        current_setting('max_connections')::int
          - current_setting('superuser_reserved_connections')::int as max,
        (select coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0)::float8
           from pg_stat_activity
          where xact_start is not null and pid <> pg_backend_pid()
            and backend_type = 'client backend'
         having pg_has_role('pg_read_all_stats', 'usage')) as oldest_s,
        (select coalesce(sum(pg_wal_lsn_diff(
                  case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end,
                  restart_lsn)), 0)::text
           from pg_replication_slots where not active) as slot_bytes,
        (select coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false)
           from pg_stat_archiver) as archive_fails`;
