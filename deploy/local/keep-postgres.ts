import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startPostgres, type LocalPostgres } from './postgres.ts';
import { postmaster } from './postmaster.ts';

const LOOK_EVERY_MS = 500;

/**
 * The durable PostgreSQL of a folder. When it dies while it is wanted, it is started again on the same
 * port: services know it by that, and find it there when they come back.
 */
export async function keepPostgres(
  dir: string,
  say: (line: string) => void,
): Promise<LocalPostgres> {
  const server = await startPostgres({ dir, keep: true });
  const unwanted = new AbortController();
  const watching = watch(dir, server.port, say, unwanted.signal);
  return {
    ...server,
    async stop() {
      unwanted.abort();
      await watching;
      await server.stop();
    },
  };
}

async function watch(
  dir: string,
  port: number,
  say: (line: string) => void,
  unwanted: AbortSignal,
): Promise<void> {
  const data = join(dir, 'data');
  while (!unwanted.aborted) {
    if (!postmaster(data)) {
      say('PostgreSQL ended unexpectedly and is started again.');
      await startPostgres({ dir, keep: true, port }).catch((error: unknown) =>
        say(error instanceof Error ? error.message : String(error)),
      );
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal: unwanted }).catch(() => {});
  }
}
