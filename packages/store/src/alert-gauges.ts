import type { Db } from './db.ts';

/** What alerts need to know of the installation and its database, of all tenants together. */
export interface AlertGauges {
  readonly approvalAgeSeconds: number;
  readonly runsOrphaned: number;
  readonly runIdleSeconds: number;
  readonly workersLost: number;
  readonly scrapeTargets: Readonly<Record<'api' | 'worker', number>>;
  /** Undefined when the owner of the schema may not look. */
  readonly walBytes: number | undefined;
  readonly walMaxBytes: number;
  readonly databaseBytes: number;
}

export async function readAlertGauges(db: Db): Promise<AlertGauges> {
  const [row = {}] = await db.query<Record<string, string | number | null>>(
    `select approval_age_seconds, runs_orphaned, run_idle_seconds, workers_lost, api_replicas,
            worker_replicas, wal_bytes, wal_max_bytes, database_bytes
       from aos.alert_gauges()`,
  );
  const number = (name: string) => Number(row[name] ?? 0);
  return {
    approvalAgeSeconds: number('approval_age_seconds'),
    runsOrphaned: number('runs_orphaned'),
    runIdleSeconds: number('run_idle_seconds'),
    workersLost: number('workers_lost'),
    scrapeTargets: { api: number('api_replicas'), worker: number('worker_replicas') },
    walBytes: row['wal_bytes'] === null ? undefined : number('wal_bytes'),
    walMaxBytes: number('wal_max_bytes'),
    databaseBytes: number('database_bytes'),
  };
}
