import { writeFileSync } from 'node:fs';

import { keepScrapeTargets, scrapeTargetsFile } from '@aos/local';
import type { Client } from '@aos/sdk';

const EVERY_MS = 500;

/** Keeps the file of targets that Prometheus reads like what the API says. */
export interface Discovery {
  /** From now on the file knows the API alone, and nobody keeps it. */
  loseWorkers(): Promise<void>;
  begin(): void;
  end(): Promise<void>;
}

export function openDiscovery(client: Client, home: string): Discovery {
  let stop = new AbortController();
  let keeping = Promise.resolve();
  const begin = (): void => {
    stop = new AbortController();
    keeping = keepScrapeTargets({ client, home, everyMs: EVERY_MS, stop: stop.signal });
  };
  const end = async (): Promise<void> => {
    stop.abort();
    await keeping;
  };
  begin();
  return {
    begin,
    end,
    async loseWorkers() {
      await end();
      const groups = await client.scrapeTargets();
      const left = groups.filter(({ labels }) => labels.service !== 'worker');
      writeFileSync(scrapeTargetsFile(home), JSON.stringify(left));
    },
  };
}
