import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import { apiKeys } from '@aos/store';

import { eventually } from './checks.ts';
import { startStack, type Stack } from './stack.ts';

const CLI = fileURLToPath(new URL('../packages/cli/src/main.ts', import.meta.url));
const LIMIT_MS = 120_000;

interface Entry {
  readonly step: string;
  readonly kind: string;
  readonly result: string;
  readonly value?: unknown;
  readonly detail?: string;
}

interface Walked {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** What its commands said. */
  readonly log: string;
  readonly evidence: { readonly outcome: string; readonly entries: readonly Entry[] };
}

/** `aos runbook run` as whoever is on call would, and what it left. */
async function run(
  t: TestContext,
  stack: Stack,
  words: readonly string[],
  key = stack.key,
): Promise<Walked> {
  const home = mkdtempSync(join(tmpdir(), 'aos-runbook-'));
  const evidence = join(home, 'evidence.json');
  const told = await new Promise<Pick<Walked, 'code' | 'out' | 'err'>>((resolve) => {
    const child = execFile(
      process.execPath,
      [CLI, 'runbook', 'run', ...words, '--evidence', evidence],
      {
        env: {
          PATH: process.env['PATH'],
          HOME: process.env['HOME'],
          AOS_HOME: home,
          AOS_URL: stack.url,
          AOS_API_KEY: key,
          DATABASE_URL: stack.databaseUrl,
        },
      },
      (_error, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    );
    child.stdin?.end();
  });
  const kept = JSON.parse(readFileSync(evidence, 'utf8')) as Walked['evidence'];
  t.after(() => {
    for (const { detail = '' } of kept.entries) {
      const [, pid] = /started as process (\d+)/.exec(detail) ?? [];
      // A group of its own, with the workers that it keeps.
      if (pid !== undefined) endGroup(Number(pid));
    }
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  });
  const log = evidence.replace(/json$/, 'log');
  return { ...told, evidence: kept, log: existsSync(log) ? readFileSync(log, 'utf8') : '' };
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended before.
  }
}

const plan = {
  version: 1 as const,
  steps: [
    {
      key: 'say',
      skill: 'log_report',
      input: { title: 'Here', sections: [{ heading: 'All', content: 'is well.' }] },
    },
  ],
};

const liveWorkers = async (stack: Stack) => (await stack.client.scale()).inputs.workers;

test('every worker is killed, and the runbook of the alert brings them back', async (t) => {
  await using stack = await startStack({ workers: 2 });
  await eventually(async () => ((await liveWorkers(stack)) === 2 ? true : undefined));
  for (const worker of stack.workers) worker.kill('SIGKILL');
  await eventually(async () => ((await liveWorkers(stack)) === 0 ? true : undefined), LIMIT_MS);
  const waiting = await stack.client.runs.create({ goal: 'Be there again', plan });

  const walked = await run(t, stack, ['WorkerPoolDown', '--allow-commands', '--yes']);
  assert.equal(walked.code, 0, `${walked.err}\n${walked.out}\n${walked.log}`);
  assert.equal(walked.evidence.outcome, 'resolved');
  assert.deepEqual(
    walked.evidence.entries.map(({ kind, step: id, result }) => [kind, id, result]),
    [
      ['read', 'workers', 'read'],
      ['read', 'ready', 'read'],
      ['decide', 'nobody_works', 'yes'],
      ['act', 'start_workers', 'done'],
      ['verify', 'back', 'met'],
    ],
  );
  assert.match(walked.out, /^# WorkerPoolDown: resolved$/m);
  assert.match(walked.out, /\| act start_workers \| npm run --silent aos -- autoscale /);
  assert.doesNotMatch(walked.out + walked.err, new RegExp(stack.key));
  await eventually(
    async () =>
      (await stack.client.runs.get(waiting.id)).status === 'finished' ? true : undefined,
    LIMIT_MS,
  );
});

test('a key that may only look walks the reads, and what it may not do is refused and kept', async (t) => {
  await using stack = await startStack({ workers: 1 });
  const { key } = await apiKeys.create(stack.database, {
    tenant: 'default',
    name: 'viewer',
    scopes: ['runs:read', 'agents:read', 'skills:read', 'approvals:read', 'events:read'],
  });
  const made = await stack.client.runs.create({ goal: 'Stay as it is', plan }, { waitS: 60 });
  const walked = await run(t, stack, ['rerun-a-run', '--yes', '--var', `run=${made.id}`], key);
  assert.equal(walked.code, 1, walked.err);
  assert.equal(walked.evidence.outcome, 'unresolved');
  const act = walked.evidence.entries.at(-1);
  assert.equal(act?.kind, 'act');
  assert.equal(act.result, 'refused');
  assert.match(act.detail ?? '', /403 forbidden: This needs the scope runs:write/);
  assert.match(walked.err, /scope: +runs:write/);
  assert.match(walked.out, /refused \(403 forbidden/);
  assert.equal(walked.evidence.entries[0]?.value, 'succeeded');
  assert.equal((await stack.client.runs.list({ origin: made.id })).items.length, 0);
});
