import { createClient, type Client } from '@aos/sdk';

import { percentile } from './statistics.ts';

/** Pages that people ask for; each kind another path through the indexes. */
const pages = {
  newest: (client: Client) => client.runs.list({ limit: 50 }),
  queued: (client: Client) => client.runs.list({ limit: 50, status: 'queued' }),
  failed: (client: Client) => client.runs.list({ limit: 50, outcome: 'failed' }),
  words: (client: Client) => client.runs.list({ limit: 50, q: 'three times' }),
  no_such_words: (client: Client) => client.runs.list({ limit: 50, q: 'nobody ever wrote this' }),
  no_such_tag: (client: Client) => client.runs.list({ limit: 50, tag: 'none' }),
} as const;

export type Page = keyof typeof pages;

export interface PageTimes {
  readonly page: Page;
  readonly p95Ms: number;
  /** Why there is no such page. */
  readonly failure?: string;
}

const TIMES = 40;
const WARM_UP = 5;
/** A page that takes seconds is not asked for forty times. */
const ENOUGH_MS = 15_000;

/** Asks for each kind of page, one request after the other. */
export async function takePages(url: string, apiKey: string): Promise<readonly PageTimes[]> {
  const client = createClient({ url, apiKey });
  const taken: PageTimes[] = [];
  for (const page of Object.keys(pages) as Page[]) taken.push(await takePage(client, page));
  return taken;
}

async function takePage(client: Client, page: Page): Promise<PageTimes> {
  const times: number[] = [];
  const begunAt = performance.now();
  try {
    for (let n = 0; n < WARM_UP; n++) await pages[page](client);
    while (times.length < TIMES && performance.now() - begunAt < ENOUGH_MS) {
      const askedAt = performance.now();
      await pages[page](client);
      times.push(performance.now() - askedAt);
    }
    return { page, p95Ms: percentile(times, 95) };
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    return { page, p95Ms: Number.NaN, failure };
  }
}
