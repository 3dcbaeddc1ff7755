import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { freePort } from './port.ts';
import { killPostgres } from './postgres.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const START = fileURLToPath(new URL('start.ts', import.meta.url));
const POLL_MS = 50;

/** For tests: a place to start launchers in. Everything that is left of them ends with the test. */
export interface Ground {
  readonly home: string;
  readonly port: number;
  readonly url: string;
  /** Starts the launcher, or another program in its place. */
  start(
    args?: readonly string[],
    env?: Readonly<Record<string, string>>,
    program?: string,
  ): Launched;
  /** A file of the ground, for programs of a test. */
  write(name: string, content: string): string;
  /** All processes that come from here. */
  processes(): ProcessFound[];
}

export interface ProcessFound {
  readonly pid: number;
  readonly command: string;
}

export interface Launched {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves when the text was printed; fails when it ends before. */
  printed(text: string): Promise<void>;
  /** Its exit code. */
  ended(): Promise<number | null>;
}

export async function testGround(t: TestContext): Promise<Ground> {
  const dir = mkdtempSync(join(tmpdir(), 'aos ground-'));
  const home = join(dir, 'home');
  // Handed on to every process, so it marks them.
  const mark = join(dir, 'tmp');
  mkdirSync(mark);
  const port = await freePort();
  t.after(async () => {
    killPostgres(join(home, 'postgres'));
    for (const { pid } of processesOf(mark)) process.kill(pid, 'SIGKILL');
    await eventually(() => processesOf(mark).length === 0);
    rmSync(dir, { recursive: true, force: true });
  });
  return {
    home,
    port,
    url: `http://127.0.0.1:${port}`,
    write(name, content) {
      writeFileSync(join(dir, name), content);
      return join(dir, name);
    },
    processes: () => processesOf(mark),
    start: (args = [], env = {}, program = START) =>
      follow(
        spawn(process.execPath, [program, ...args], {
          cwd: ROOT,
          env: {
            PATH: process.env['PATH'],
            HOME: process.env['HOME'],
            TMPDIR: mark,
            AOS_HOME: home,
            PORT: String(port),
            ...env,
          },
          stdio: ['ignore', 'pipe', 'pipe'],
        }),
      ),
  };
}

export async function eventually(fact: () => boolean | Promise<boolean>): Promise<void> {
  for (const until = Date.now() + 30_000; !(await fact()); await sleep(POLL_MS)) {
    if (Date.now() > until) throw new Error('It did not happen within 30 s.');
  }
}

function follow(child: ChildProcess): Launched {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()));
  const exited = once(child, 'close');
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    async printed(text) {
      await eventually(() => {
        if ((stdout + stderr).includes(text)) return true;
        if (child.exitCode === null && child.signalCode === null) return false;
        throw new Error(
          `It ended (${child.exitCode}) before it said "${text}":\n${stdout}${stderr}`,
        );
      });
    },
    async ended() {
      const [code] = (await exited) as [number | null];
      return code;
    },
  };
}

/** By the environment, which only Linux lets one read; nothing is found elsewhere. */
function processesOf(mark: string): ProcessFound[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    try {
      if (!Number.isInteger(pid) || !read(pid, 'environ').includes(`TMPDIR=${mark}`)) return [];
      return [{ pid, command: read(pid, 'cmdline').replaceAll('\0', ' ').trim() }];
    } catch {
      return [];
    }
  });
}

function read(pid: number, file: string): string {
  return readFileSync(`/proc/${pid}/${file}`, 'utf8');
}
