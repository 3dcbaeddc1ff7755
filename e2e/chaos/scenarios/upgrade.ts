import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { migrate } from '@aos/store';

import { chaos } from '../chaos.ts';
import { percentile } from '../held.ts';
import { until } from '../hold.ts';
import { assertSound, type Scenario } from '../scenario.ts';
import type { World } from '../world.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

function git(...words: string[]): string | undefined {
  return spawnSync('git', ['-C', ROOT, ...words], { encoding: 'utf8' }).stdout?.trim() || undefined;
}

const MIGRATIONS = 'packages/store/migrations';

/** The newest commit whose migrations are the first of ours, but not all: branches may bring them out of turn. */
function commitBefore(): string | undefined {
  const ours = migrationsOf('HEAD');
  return lines(git('log', '--first-parent', '--format=%H^1', '--', MIGRATIONS)).find((commit) => {
    const theirs = migrationsOf(commit);
    return (
      theirs.length > 0 &&
      theirs.length < ours.length &&
      theirs.every((name, at) => name === ours[at])
    );
  });
}

function migrationsOf(commit: string): string[] {
  return lines(git('ls-tree', '--name-only', commit, `${MIGRATIONS}/`)).toSorted();
}

function lines(text: string | undefined): string[] {
  return text?.split('\n') ?? [];
}

interface OldVersion extends Disposable {
  readonly root: string;
  readonly migrate: (url: string) => Promise<void>;
}

/** That commit in a folder of its own, with what is installed here. */
function checkOut(commit: string): OldVersion {
  const root = mkdtempSync(join(tmpdir(), 'aos-before-'));
  const archive = execFileSync('git', ['-C', ROOT, 'archive', commit], { maxBuffer: 2 ** 30 });
  execFileSync('tar', ['-x', '-C', root], { input: archive });
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  for (const folder of globSync('{packages,services}/*/node_modules', { cwd: ROOT })) {
    cpSync(join(ROOT, folder), join(root, folder), { recursive: true, verbatimSymlinks: true });
  }
  const store = pathToFileURL(join(root, 'packages', 'store', 'src', 'index.ts')).href;
  return {
    root,
    async migrate(url) {
      const program = `import { migrate } from ${JSON.stringify(store)}; await migrate(${JSON.stringify(url)});`;
      execFileSync(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'pipe' });
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

const STALL_MS_MAX = 5_000;

export const f25: Scenario = {
  name: 'F25',
  what: 'an upgrade: the migration under load (F26), then two versions side by side, then the new one',
  passLine:
    'no violation, no step in a version that its worker has not, accepting never stalls for 5 s',
  missing: () =>
    commitBefore() === undefined
      ? 'this is no checkout with the commit before the newest migration'
      : undefined,
  async run({ seed, say }) {
    using before = checkOut(commitBefore() as string);
    const result = await chaos({
      seed,
      say,
      durationMs: 8_000,
      faults: [{ name: 'nothing', strike: async () => ({ at: Date.now(), held: [] }) }],
      world: { proxied: false, options: { root: before.root }, migrate: before.migrate },
      async meanwhile(world) {
        await sleep(3_000);
        const stalls = await stallsDuring(world, () => migrate(world.databaseUrl));
        say(`migrated; a run was accepted within ${Math.round(percentile(stalls, 0.99))} ms (p99)`);
        assert.ok(Math.max(...stalls) < STALL_MS_MAX);
        for (const member of world.fleet.members()) {
          const { pid } = member.process;
          const { root: _root, ...options } = member.options ?? {};
          member.next = { ...member, options };
          member.process.kill('SIGTERM');
          await member.process.exited;
          await until(60_000, `${member.kind} ${pid} is replaced`, () =>
            world.fleet.members(member.kind).length >= (member.kind === 'api' ? 2 : 3)
              ? true
              : undefined,
          );
        }
        say('every process is of this version');
      },
    });
    assertSound(result, { runs: 10, hits: 0 });
  },
};

/** How long it took to accept each of a stream of runs while something was done. */
async function stallsDuring({ caller }: World, work: () => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  const state = { over: false };
  const working = work().finally(() => (state.over = true));
  working.catch(() => {});
  while (!state.over) {
    const token = `stall-${times.length}`;
    const at = performance.now();
    await caller.insist('POST', '/v1/runs', { goal: token, plan: PURE, input: { token } }, token);
    times.push(performance.now() - at);
  }
  await working;
  return times;
}

const PURE = {
  version: 1,
  steps: [{ key: 'a', skill: 'json_transform', input: { data: 1, expression: '$' } }],
};
