import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Client } from '@aos/sdk';

const EVERY_MS = 2_000;

export interface ScrapeTargetsOptions {
  readonly client: Pick<Client, 'scrapeTargets'>;
  /** The home of the installation. */
  readonly home: string;
  readonly everyMs?: number;
  readonly stop: AbortSignal;
}

/** The file that `file_sd_configs` of monitoring/prometheus.yml reads, when it stands beside its folder. */
export function scrapeTargetsFile(home: string): string {
  return join(home, 'prometheus', 'targets', 'aos.json');
}

/**
 * Keeps the file like what the API says, until it is told to stop. While the API is away the file stays as
 * it was: its targets are down, and that is what Prometheus must see. Several may keep the same file.
 */
export async function keepScrapeTargets(options: ScrapeTargetsOptions): Promise<void> {
  const { client, home, everyMs = EVERY_MS, stop } = options;
  const file = scrapeTargetsFile(home);
  while (!stop.aborted) {
    try {
      writeChanged(file, `${JSON.stringify(await client.scrapeTargets(), null, 2)}\n`);
    } catch {
      // The API is away, or the disk is full: at the next turn.
    }
    await sleep(everyMs, undefined, { signal: stop }).catch(() => {});
  }
}

/** Whole or not at all: Prometheus reads it at any moment. */
function writeChanged(file: string, text: string): void {
  if (contentOf(file) === text) return;
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  const draft = `${file}.${process.pid}.new`;
  try {
    writeFileSync(draft, text, { mode: 0o644 });
    renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
