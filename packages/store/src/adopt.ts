import { createDatabase, type Database } from './db.ts';
import { assertMigrated } from './migrate.ts';
import { openQueue } from './queue.ts';

export interface Adoption {
  /** The number of the history that begins. */
  readonly incarnation: number;
  /** Unfinished runs that got a new job. */
  readonly dispatched: number;
  /** Runs that were with a worker: steps of theirs that had begun and cannot be repeated go to a human. */
  readonly interrupted: number;
}

const BATCH = 500;

/**
 * Takes a database over after a restore, or a failover that may have lost the end of it. As its owner, with
 * no service running. Whatever workers of before still try to write is refused, every unfinished run is
 * dispatched anew, and positions in the log go on above all that the lost end may have used.
 */
export async function adopt(url: string, reason: string): Promise<Adoption> {
  const database = createDatabase({ url, applicationName: 'aos-adopt', connectionsMax: 2 });
  try {
    await assertMigrated(database);
    return await takeOver(database, reason);
  } finally {
    await database.close();
  }
}

async function takeOver(database: Database, reason: string): Promise<Adoption> {
  const queue = await openQueue(database, { maintain: false, onError: () => {} });
  try {
    const { incarnation, interrupted } = await database.transaction(async (tx) => {
      await tx.query('set local statement_timeout = 0; set local lock_timeout = 0');
      const [running] = await tx.query<{ n: number }>(
        `select count(*)::int as n from aos.runs where status = 'running'`,
      );
      const [row] = await tx.query<{ n: number }>('select aos.adopt($1) as n', [reason]);
      return { incarnation: row?.n ?? 0, interrupted: running?.n ?? 0 };
    });
    let dispatched = 0;
    for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
      const runs = await database.transaction(async (tx) => {
        const due = await tx.query<Due>(DUE, [after, BATCH]);
        await queue.resend(tx, due.map(toDispatch));
        return due;
      });
      dispatched += runs.length;
      const last = runs.at(-1);
      if (!last || runs.length < BATCH) return { incarnation, dispatched, interrupted };
      after = last.id;
    }
  } finally {
    await queue.stop();
  }
}

interface Due {
  readonly id: string;
  readonly priority: number;
  readonly start_after: Date | null;
}

/** Runs that go on by themselves: now, or at their time. Jobs of before may be with workers that are gone. */
const DUE = `
  select id, priority, case when status = 'waiting' then wake_at else start_at end as start_after
    from aos.runs
   where id > $1
     and (status = 'queued' or status = 'waiting' and wake_at is not null)
   order by id
   limit $2
     for update`;

function toDispatch({ id, priority, start_after: startAfter }: Due) {
  return { uuid: id, priority, ...(startAfter && { startAfter }) };
}
