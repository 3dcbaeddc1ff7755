import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { StandIn } from './api.fixture.ts';

export const mainFile = fileURLToPath(new URL('main.ts', import.meta.url));

/** The one that `npm run aos` uses. */
const cacheFolder = fileURLToPath(new URL('../../../node_modules/.cache/node', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface AosOptions {
  readonly api?: StandIn;
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
  readonly input?: string;
  /** Leave stdin open, for a test that types. */
  readonly typing?: boolean;
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  /** Once this text is on stdout. */
  printed(text: string): Promise<void>;
}

/** The real program in a process of its own, until it ends. */
export function aos(args: readonly string[], options: AosOptions = {}): Promise<Ended> {
  return startAos(args, options).ended;
}

export function startAos(args: readonly string[], options: AosOptions = {}): Running {
  return running(process.execPath, [mainFile, ...args], options);
}

/** The same behind a pseudo-terminal of this size; its output is on stdout. */
export function startInTerminal(
  args: readonly string[],
  size: { readonly columns: number; readonly rows: number },
  options: AosOptions = {},
): Running {
  const words = [process.execPath, mainFile, ...args].map(
    (word) => `'${word.replaceAll("'", String.raw`'\''`)}'`,
  );
  const command = `stty cols ${size.columns} rows ${size.rows}; exec ${words.join(' ')}`;
  return running('script', ['-qec', command, '/dev/null'], {
    ...options,
    environment: { TERM: 'xterm', ...options.environment },
  });
}

export function temporaryFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'aos-cli-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

function running(program: string, args: readonly string[], options: AosOptions): Running {
  const { api, folder = tmpdir(), input = '', typing = false } = options;
  const child = spawn(program, args, {
    cwd: folder,
    env: {
      PATH: '/usr/bin:/bin',
      NODE_COMPILE_CACHE: cacheFolder,
      AOS_HOME: join(folder, 'no-home'),
      ...(api && { AOS_URL: api.url, AOS_API_KEY: api.key }),
      ...options.environment,
    },
  });
  let out = '';
  let err = '';
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    for (const wake of waiting) wake();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  child.stdin.on('error', () => undefined);
  if (!typing) child.stdin.end(input);
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, out, err }));
  });
  const printed = async (text: string) => {
    while (!out.includes(text)) {
      if (child.exitCode !== null) throw new Error(`It ended without "${text}":\n${out}\n${err}`);
      await Promise.race([ended, new Promise<void>((resolve) => waiting.add(resolve))]);
    }
  };
  return { child, ended, printed };
}
