import { Client } from 'pg';

import { cpuSeconds } from './processes.ts';
import type { Server } from './server.ts';

/** What a piece of work cost the database, and the process that did it. */
export interface Cost {
  readonly databaseCpuS: number;
  readonly workerCpuS: number;
  /** Transactions that wrote. */
  readonly transactions: number;
  readonly walBytes: number;
}

/** Reads the counters before and after. The watching itself costs less than a thousandth. */
export async function observe<T>(
  server: Server,
  databaseUrl: string,
  workerPid: number,
  work: () => Promise<T>,
): Promise<[T, Cost]> {
  await using watch = await openWatch(databaseUrl);
  const before = await watch.counters();
  const cpu = { database: cpuSeconds(server.pid), worker: cpuSeconds(workerPid) };
  const result = await work();
  const cost = {
    databaseCpuS: cpuSeconds(server.pid) - cpu.database,
    workerCpuS: cpuSeconds(workerPid) - cpu.worker,
  };
  const after = await watch.counters();
  return [
    result,
    {
      ...cost,
      transactions: after.transactions - before.transactions,
      walBytes: after.walBytes - before.walBytes,
    },
  ];
}

interface Watch extends AsyncDisposable {
  counters(): Promise<{ transactions: number; walBytes: number }>;
}

async function openWatch(url: string): Promise<Watch> {
  const client = new Client({ connectionString: url });
  // A lost connection is told by the query that fails.
  client.on('error', () => {});
  await client.connect();
  return {
    async counters() {
      // Only transactions that write take a number.
      const { rows } = await client.query<{ transactions: string; wal: string }>(
        `select pg_snapshot_xmax(pg_current_snapshot())::text as transactions,
                pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text as wal`,
      );
      const [row] = rows;
      return { transactions: Number(row?.transactions), walBytes: Number(row?.wal) };
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}
