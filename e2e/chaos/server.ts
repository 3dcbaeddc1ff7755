import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { postmaster, startPostgres } from '@aos/local';

/** A PostgreSQL of our own with durable settings, which can be hurt. It keeps its port. */
export interface ChaosServer extends AsyncDisposable {
  readonly dir: string;
  readonly port: number;
  /** As the superuser. */
  readonly url: string;
  /** Signals the postmaster: SIGKILL, SIGQUIT (immediate) or SIGINT (fast). Resolves once it is gone. */
  down(signal: NodeJS.Signals): Promise<void>;
  /** Resolves when it takes connections again. */
  up(): Promise<void>;
}

export interface ServerOptions {
  readonly settings?: Readonly<Record<string, string>>;
  /** A folder to use instead of a new one, such as a small file system. It is left as it is. */
  readonly dir?: string;
  /** An empty folder for the write-ahead log, such as another small file system. */
  readonly walDir?: string;
}

const GONE_MS = 30_000;
const UP_MS = 60_000;

export async function startServer(options: ServerOptions = {}): Promise<ChaosServer> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'aos-chaos-'));
  const data = join(dir, 'data');
  const settings = {
    shared_buffers: '128MB',
    // The crash recovery of a test is short.
    max_wal_size: '256MB',
    ...options.settings,
  };
  let running = await startPostgres({ dir, keep: true, settings });
  const { port, url } = running;
  if (options.walDir !== undefined) {
    await running.stop();
    cpSync(join(data, 'pg_wal'), options.walDir, { recursive: true });
    rmSync(join(data, 'pg_wal'), { recursive: true });
    symlinkSync(options.walDir, join(data, 'pg_wal'));
    running = await startPostgres({ dir, keep: true, settings, port });
  }
  return {
    dir,
    port,
    url,
    async down(signal) {
      const server = postmaster(data);
      if (!server) return;
      process.kill(server.pid, signal);
      for (const until = Date.now() + GONE_MS; postmaster(data)?.pid === server.pid;) {
        if (Date.now() > until) throw new Error(`PostgreSQL did not end within ${GONE_MS} ms.`);
        await sleep(10);
      }
    },
    async up() {
      for (const until = Date.now() + UP_MS; ;) {
        try {
          running = await startPostgres({ dir, keep: true, settings, port });
          return;
        } catch (error) {
          // Its old processes hold the shared memory until they have noticed that it died.
          if (Date.now() > until || !/still in use|lock file/.test(String(error))) throw error;
          await sleep(50);
        }
      }
    },
    async [Symbol.asyncDispose]() {
      await running.stop();
      if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
    },
  };
}
