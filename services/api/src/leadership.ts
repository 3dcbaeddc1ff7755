import type { Database } from '@aos/store';

/** Whether this replica is the one that exports what the database knows. */
export interface Leadership {
  held(): boolean;
  /** Resolves when the connection is closed, and the lock with it. */
  close(): Promise<void>;
}

const CHECK_MS = 3_000;
/** Any number, as long as it is ours alone. */
const LOCK = 0x616f_736d;

type Client = Awaited<ReturnType<Database['connect']>>;

/**
 * Holds an advisory lock on a connection of its own, so it is lost with the process, at once. Tries
 * again every few seconds, and asks the connection whether it still lives.
 */
export function createLeadership(database: Database): Leadership {
  let client: Client | undefined;
  let held = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  const drop = async (): Promise<void> => {
    held = false;
    const old = client;
    client = undefined;
    await old?.end().catch(() => {});
  };

  const tend = async (): Promise<void> => {
    try {
      if (!client) {
        const fresh = await database.connect();
        client = fresh;
        fresh.once('end', () => {
          if (client === fresh) void drop();
        });
      }
      const { rows } = await client.query<{ held: boolean }>(
        // A lock that is held already is not taken twice: it would have to be given back twice.
        held ? 'select true as held' : `select pg_try_advisory_lock(${LOCK}) as held`,
      );
      held = client !== undefined && rows[0]?.held === true;
    } catch {
      await drop();
    }
    if (!closed) timer = setTimeout(() => void (tending = tend()), CHECK_MS);
  };

  let tending = tend();
  return {
    held: () => held,
    async close() {
      closed = true;
      clearTimeout(timer);
      await tending;
      clearTimeout(timer);
      await drop();
    },
  };
}
