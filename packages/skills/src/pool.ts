import type { ChildProcess } from 'node:child_process';

import { AosError, type Json } from '@aos/core';
import { Tinypool } from 'tinypool';

import { createSlots } from './slots.ts';
import { TASK_STARTED, type TaskAnswer } from './task-protocol.ts';

export const CHILDREN_MAX = 2;
/** Of JavaScript; a page of 2 MB makes a tree of more than 100. */
const KEPT_MEMORY_MB = 256;
const FRESH_MEMORY_MB = 128;
/** From asking for a child to its first word; only a machine out of breath takes longer. */
const START_MS_MAX = 15_000;
/** An idle child is kept this long for the next task. */
const IDLE_MS = 30_000;

/** One piece of work that may run away, and how far it may. */
export interface PoolTask {
  /** The `*.task.ts` file whose `run` does the work. */
  readonly file: URL;
  readonly input: Json;
  /** From the moment the child begins; waiting for a child does not count. */
  readonly timeMs: number;
  /** Opens the sentence when it is stopped, as in "The expression took longer …". */
  readonly subject: string;
  /**
   * A child of its own, ended afterwards: for work that runs foreign expressions, so that nothing they
   * leave behind in the language meets the next tenant.
   */
  readonly fresh?: boolean;
}

export interface Pool extends AsyncDisposable {
  /** What the task returned. Throws the task's own failure, or `transform_stopped`. */
  run(task: PoolTask, signal: AbortSignal): Promise<Json>;
}

/**
 * Child processes for work that only ending the process can stop: hostile pages and expressions. They
 * have bounded memory, an empty environment, no prototype accessor, and may neither write files nor start
 * processes. Started when first needed.
 */
export function createPool(childrenMax = CHILDREN_MAX): Pool {
  const slots = createSlots(childrenMax);
  const exits = new Set<Promise<void>>();
  const known = new WeakSet<object>();
  const pools = new Map<boolean, Tinypool>();
  const closing = new AbortController();

  const poolFor = (fresh: boolean): Tinypool => {
    const pool = pools.get(fresh) ?? newTinypool(childrenMax, fresh);
    pools.set(fresh, pool);
    return pool;
  };
  // Tinypool forgets a child as soon as it is told to end; disposing has to wait until it has.
  const watch = (pool: Tinypool): void => {
    for (const child of pool.threads) {
      if (known.has(child)) continue;
      known.add(child);
      silence(child);
      const exit = new Promise<void>((done) => child.once('exit', () => done()));
      exits.add(exit);
      void exit.then(() => exits.delete(exit));
    }
  };

  return {
    async run(task, signal) {
      const stop = AbortSignal.any([signal, closing.signal]);
      const slot = await slots.take(stop);
      try {
        const pool = poolFor(task.fresh ?? false);
        return await runTask(pool, task, stop, () => watch(pool));
      } finally {
        slot[Symbol.dispose]();
      }
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
      await Promise.all(exits);
    },
  };
}

/** What a dying child prints would stand between the log lines of the worker, as often as anybody likes. */
function silence(child: object): void {
  const { stdout, stderr } = (child as { process?: Partial<ChildProcess> }).process ?? {};
  stdout?.unpipe(process.stdout).resume();
  stderr?.unpipe(process.stderr).resume();
}

function newTinypool(childrenMax: number, fresh: boolean): Tinypool {
  const pool = new Tinypool({
    runtime: 'child_process',
    minThreads: 0,
    maxThreads: childrenMax,
    idleTimeout: IDLE_MS,
    isolateWorkers: fresh,
    env: {},
    execArgv: [
      `--max-old-space-size=${memoryMb(fresh)}`,
      '--disable-proto=throw',
      '--permission',
      '--allow-fs-read=*',
    ],
  });
  // An idle child that is killed from outside is replaced when needed; without a listener it would be a crash.
  pool.on('error', () => {});
  return pool;
}

async function runTask(
  pool: Tinypool,
  task: PoolTask,
  signal: AbortSignal,
  watch: () => void,
): Promise<Json> {
  const limit = new AbortController();
  const expire = (): void => limit.abort();
  let timer = setTimeout(expire, START_MS_MAX);
  let started = false;
  try {
    const answering = pool.run(JSON.stringify(task.input), {
      filename: task.file.href,
      name: 'run',
      signal: AbortSignal.any([signal, limit.signal]),
      channel: {
        postMessage: (message: unknown) => {
          if (message !== TASK_STARTED || started) return;
          started = true;
          clearTimeout(timer);
          timer = setTimeout(expire, task.timeMs);
        },
      },
    }) as Promise<TaskAnswer>;
    watch();
    return unpack(await answering);
  } catch (error) {
    throw failureOf(error, task, {
      cancelled: signal.aborted,
      expired: limit.signal.aborted,
      started,
    });
  } finally {
    clearTimeout(timer);
  }
}

function unpack(answer: TaskAnswer): Json {
  if ('json' in answer) return JSON.parse(answer.json) as Json;
  const { code, detail, problems } = answer.failure;
  throw new AosError(code, detail, { problems });
}

function failureOf(
  cause: unknown,
  { subject, timeMs, fresh }: PoolTask,
  facts: { cancelled: boolean; expired: boolean; started: boolean },
): unknown {
  if (cause instanceof AosError) return cause;
  if (facts.cancelled) return new AosError('cancelled', `${subject} was cancelled.`, { cause });
  if (!facts.started) return new Error('The child process did not start.', { cause });
  const reason = facts.expired
    ? `took longer than ${timeMs} ms`
    : isExit(cause)
      ? `took more than ${memoryMb(fresh)} MB of memory`
      : undefined;
  // An error thrown inside the task is a mistake in the task, not in what it was given.
  if (!reason) return cause;
  return new AosError('transform_stopped', `${subject} ${reason} and was stopped.`, { cause });
}

function memoryMb(fresh = false): number {
  return fresh ? FRESH_MEMORY_MB : KEPT_MEMORY_MB;
}

function isExit(cause: unknown): boolean {
  return cause instanceof Error && cause.message === 'Worker exited unexpectedly';
}
