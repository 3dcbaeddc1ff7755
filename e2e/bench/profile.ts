import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Client } from 'pg';

import type { ServiceProcess } from '../process.ts';

/** What a measure costs in detail; absent unless asked for, since it slows everything down. */
export interface Profile {
  /** Flags that make a Node process write a CPU profile when it ends in order. */
  readonly flags: readonly string[];
  /** Settings of PostgreSQL that make it count statements. */
  readonly settings: Readonly<Record<string, string>>;
  /** Counts from here on. */
  begin(databaseUrl: string): Promise<void>;
  /** Writes down the most expensive statements since, and has the process write its profile. */
  end(name: string, databaseUrl: string, service: ServiceProcess): Promise<void>;
}

const STATEMENTS_MAX = 40;

export function createProfile(folder: string): Profile {
  mkdirSync(folder, { recursive: true });
  return {
    flags: ['--cpu-prof', `--cpu-prof-dir=${folder}`],
    settings: {
      shared_preload_libraries: 'pg_stat_statements',
      'pg_stat_statements.track_planning': 'on',
      'pg_stat_statements.track': 'all',
    },
    begin: (url) =>
      asking(url, async (client) => {
        await client.query('create extension if not exists pg_stat_statements');
        await client.query('select pg_stat_statements_reset()');
      }),
    async end(name, url, service) {
      await asking(url, async (client) => {
        const { rows } = await client.query<Statement>(COSTLIEST, [STATEMENTS_MAX]);
        writeFileSync(join(folder, `${name}.statements.txt`), rows.map(told).join('\n'));
      });
      service.kill('SIGTERM');
      await service.exited;
    },
  };
}

interface Statement {
  readonly query: string;
  readonly level: string;
  readonly calls: string;
  readonly rows: string;
  readonly exec_ms: number;
  readonly plan_ms: number;
  readonly wal_kb: number;
}

/** `outer` statements hold the time of those that run inside of them. */
const COSTLIEST = `
  select query, case when toplevel then 'outer' else 'inner' end as level, calls, rows,
         total_exec_time as exec_ms, total_plan_time as plan_ms, (wal_bytes / 1024)::float8 as wal_kb
    from pg_stat_statements
   order by total_exec_time + total_plan_time desc
   limit $1`;

function told({ query, level, calls, rows, exec_ms, plan_ms, wal_kb }: Statement): string {
  const each = ((exec_ms + plan_ms) / Number(calls)).toFixed(3);
  const text = query.replaceAll(/\s+/g, ' ').slice(0, 300);
  return (
    `${(exec_ms + plan_ms).toFixed(0)} ms (${plan_ms.toFixed(0)} of it planning), ${calls} calls, ` +
    `${each} ms each, ${rows} rows, ${wal_kb.toFixed(0)} KB WAL, ${level}: ${text}`
  );
}

async function asking(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
