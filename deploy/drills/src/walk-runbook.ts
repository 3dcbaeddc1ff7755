import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { eventually } from './eventually.ts';
import type { DrillStack } from './stack.ts';

/** What became of a runbook. */
export interface WalkedRunbook {
  readonly resolved: boolean;
  /** What was done, as the evidence has it. */
  readonly acts: readonly string[];
  readonly said: string;
}

/** What whoever walks it says. */
export interface RunbookAnswers {
  readonly variables?: Readonly<Record<string, string>>;
  /** Acts that need care and are done all the same. */
  readonly confirm?: readonly string[];
}

interface Evidence {
  readonly outcome: string | null;
  readonly entries: readonly {
    readonly kind: string;
    readonly what: string;
    readonly result: string;
    readonly detail?: string;
  }[];
}

const CLI = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url));
const LIMIT_MS = 300_000;
const GRACE_MS = 20_000;

/** Walks it as a person would, with `aos runbook run`, who says yes to all. Its commands are executed. */
export async function walkRunbook(
  stack: DrillStack,
  name: string,
  { variables = {}, confirm = [] }: RunbookAnswers,
): Promise<WalkedRunbook> {
  const folder = join(stack.folder, 'incidents');
  mkdirSync(folder, { recursive: true });
  const evidenceFile = join(folder, `${name}-${Date.now()}.json`);
  const words = [
    ...Object.entries(variables).flatMap(([key, value]) => ['--var', `${key}=${value}`]),
    ...confirm.flatMap((act) => ['--confirm', act]),
  ];
  const child = spawn(
    process.execPath,
    [
      CLI,
      'runbook',
      'run',
      name,
      '--yes',
      '--allow-commands',
      '--evidence',
      evidenceFile,
      ...words,
    ],
    {
      env: { ...stack.operatorEnv },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT_MS,
    },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  const { entries } = readEvidence(evidenceFile);
  for (const { detail = '' } of entries) {
    const pid = Number(/started as process (\d+)/.exec(detail)?.[1]);
    if (pid) stack.defer(() => endBackground(pid));
  }
  return {
    resolved: code === 0,
    acts: entries
      .filter(({ kind }) => kind === 'act')
      .map(({ what, result }) => `${what}: ${result}`),
    said,
  };
}

function readEvidence(file: string): Evidence {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Evidence;
  } catch {
    return { outcome: null, entries: [] }; // It was refused before its first step.
  }
}

/** A command that was to go on. It leads a group of its own, and is given time to end what it started. */
async function endBackground(pid: number): Promise<void> {
  const signal = (how: NodeJS.Signals | 0): boolean => {
    try {
      return process.kill(-pid, how);
    } catch {
      return false; // Nobody is left.
    }
  };
  signal('SIGTERM');
  await eventually({ what: `process ${pid} ended`, limitMs: GRACE_MS }, () =>
    signal(0) ? undefined : true,
  ).catch(() => signal('SIGKILL'));
}
