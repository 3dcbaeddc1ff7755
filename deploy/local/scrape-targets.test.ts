import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';

import type { ScrapeTargets } from '@aos/sdk';

import { lackOf } from './debian-tools.ts';
import { eventually } from './launched.ts';
import { writePrometheusConfig } from './prometheus-config.ts';
import { keepScrapeTargets, scrapeTargetsFile } from './scrape-targets.ts';

function testHome(t: TestContext): string {
  const home = mkdtempSync(join(tmpdir(), 'aos home-'));
  t.after(() => rmSync(home, { recursive: true }));
  return home;
}

const targetsAt = (...ports: readonly number[]): ScrapeTargets => [
  { targets: ports.map((port) => `127.0.0.1:${port}`), labels: { service: 'worker' } },
];

const away = (): Promise<ScrapeTargets> => Promise.reject(new Error('away'));

test('the file follows what the API says, and stays as it was while the API is away', async (t) => {
  const home = testHome(t);
  let answer = away;
  let asked = 0;
  const client = { scrapeTargets: () => (asked++, answer()) };
  const stop = new AbortController();
  const keeping = keepScrapeTargets({ client, home, everyMs: 1, stop: stop.signal });
  const told = () => JSON.parse(readFileSync(scrapeTargetsFile(home), 'utf8')) as unknown;
  const soon = (ports: readonly number[]) =>
    eventually(() => {
      try {
        assert.deepEqual(told(), targetsAt(...ports));
        return true;
      } catch {
        return false;
      }
    });
  await eventually(() => asked > 2);
  answer = async () => targetsAt(1, 2);
  await soon([1, 2]);
  answer = away;
  const then = asked;
  await eventually(() => asked > then + 2);
  assert.deepEqual(told(), targetsAt(1, 2));
  answer = async () => targetsAt(3);
  await soon([3]);
  stop.abort();
  await keeping;
  assert.deepEqual(readdirSync(dirname(scrapeTargetsFile(home))), ['aos.json']);
});

test(
  'the configuration of an installation has its rules, its name, and its targets beside it',
  { skip: lackOf('promtool') },
  (t) => {
    const home = testHome(t);
    const file = writePrometheusConfig(home, 'staging');
    assert.match(readFileSync(file, 'utf8'), /^ +environment: staging$/m);
    const said = execFileSync('promtool', ['check', 'config', file], { encoding: 'utf8' });
    assert.match(said, /2 rule files found/);
    assert.ok(scrapeTargetsFile(home).startsWith(join(dirname(file), 'targets')));
  },
);
