import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A program that does the work of one contestant in a process of its own. */
export interface Program extends AsyncDisposable {
  readonly pid: number;
  /** Where it listens, when it is a server. */
  readonly port: number;
  /** Tells it to begin; resolves with what it reports at its end. */
  go<T>(): Promise<T>;
}

/** What a program says to the bench, and what it hears: `go`, once. */
export type Said =
  | { readonly type: 'ready'; readonly port?: number }
  | { readonly type: 'done'; readonly report: unknown }
  | { readonly type: 'failed'; readonly reason: string };

const READY_TIMEOUT_MS = 120_000;
/** For programs that have programs of their own to end. */
const GRACE_MS = 3_000;

/** Starts a program and waits until it is ready. It must be done `limitMs` after it was told to go. */
export async function startProgram(
  file: URL,
  args: readonly string[],
  options: {
    readonly limitMs: number;
    readonly env?: Readonly<Record<string, string>>;
    readonly execArgv?: readonly string[];
  },
): Promise<Program> {
  const child = fork(file, [...args], {
    execArgv: [...(options.execArgv ?? [])],
    env: { PATH: process.env['PATH'] ?? '', ...options.env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const hear = createEar(child, file.pathname.split('/').at(-1) ?? '');
  const exited = once(child, 'exit');
  const dispose = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    await exited;
    clearTimeout(timer);
  };
  try {
    const ready = await hear('ready', READY_TIMEOUT_MS);
    return {
      pid: child.pid ?? 0,
      port: ready.port ?? 0,
      async go<T>() {
        const done = hear('done', options.limitMs);
        child.send('go');
        return (await done).report as T;
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

type Saying<K extends Said['type']> = Extract<Said, { readonly type: K }>;

/** Waits for a word of the program. Its failure, its end and the end of the time are errors with a sentence. */
function createEar(child: ChildProcess, name: string) {
  let told = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    told = (told + text).slice(-STDERR_CHARS_MAX);
  });
  return <K extends 'ready' | 'done'>(type: K, limitMs: number) =>
    new Promise<Saying<K>>((resolve, reject) => {
      const fail = (why: string) => {
        clearTimeout(timer);
        reject(new Error(`${name} ${why}. ${told}`.trim()));
      };
      const timer = setTimeout(() => fail(`was not ${type} within ${limitMs} ms`), limitMs);
      child.on('message', (said: Said) => {
        if (said.type === 'failed') return fail(`failed: ${said.reason}`);
        if (said.type !== type) return;
        clearTimeout(timer);
        resolve(said as Saying<K>);
      });
      child.once('exit', (code, signal) => fail(`ended with ${code ?? signal}`));
    });
}

const STDERR_CHARS_MAX = 2_000;
