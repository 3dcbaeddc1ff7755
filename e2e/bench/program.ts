import { fork } from 'node:child_process';
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
  let told = '';
  let port = 0;
  child.stderr
    ?.setEncoding('utf8')
    .on('data', (text: string) => (told = (told + text).slice(-4_000)));
  const exited = once(child, 'exit');
  const hear = (type: 'ready' | 'done', limitMs: number) =>
    new Promise<Said>((resolve, reject) => {
      const timer = setTimeout(() => fail(`was not ${type} within ${limitMs} ms`), limitMs);
      const fail = (why: string) => {
        clearTimeout(timer);
        reject(new Error(`${file.pathname.split('/').at(-1)} ${why}. ${told}`));
      };
      child.on('message', (said: Said) => {
        if (said.type === 'failed') return fail(said.reason);
        if (said.type !== type) return;
        clearTimeout(timer);
        if (said.type === 'ready') port = said.port ?? 0;
        resolve(said);
      });
      void exited.then(([code, signal]) => fail(`ended with ${code ?? signal}`));
    });
  const program: Program = {
    pid: child.pid ?? 0,
    get port() {
      return port;
    },
    async go<T>() {
      const done = hear('done', options.limitMs);
      child.send('go');
      const said = await done;
      return (said.type === 'done' ? said.report : undefined) as T;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
  try {
    await hear('ready', READY_TIMEOUT_MS);
    return program;
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}
