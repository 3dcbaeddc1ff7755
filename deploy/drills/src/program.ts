import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** A process of the scratch stack. It is not started again when it dies: its death is what is drilled. */
export interface Program extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly lives: boolean;
  /** The first message it sent to its parent; fails when it ends before. */
  readonly told: Promise<unknown>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it is gone. */
  readonly gone: Promise<void>;
  /** The end of what it said. */
  log(): string;
}

export interface ProgramOptions {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** All of its environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly cwd?: string;
}

const LOG_CHARACTERS = 3_000;

export function startProgram({ name, command, env, logFile, cwd }: ProgramOptions): Program {
  const log = openSync(logFile, 'a', 0o600);
  const [program, ...args] = command;
  const child = spawn(program, args, { env, cwd, stdio: ['ignore', log, log, 'ipc'] });
  closeSync(log);
  const tail = () => readFileSync(logFile, 'utf8').slice(-LOG_CHARACTERS);
  const endNow = (): void => void child.kill('SIGKILL');
  process.on('exit', endNow); // when somebody does not wait
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  }).finally(() => process.off('exit', endNow));
  const told = Promise.race([
    once(child, 'message').then(([message]: unknown[]) => message),
    gone.then(() => Promise.reject(new Error(`The ${name} ended before it was ready:\n${tail()}`))),
  ]);
  told.catch(() => {}); // whoever waits for it hears of it
  const lives = () => child.exitCode === null && child.signalCode === null;
  return {
    name,
    pid: child.pid ?? 0,
    get lives() {
      return lives();
    },
    told,
    gone,
    kill: (signal) => void child.kill(signal),
    log: tail,
    async [Symbol.asyncDispose]() {
      if (lives()) child.kill('SIGKILL'); // which ends stopped ones too
      await gone;
    },
  };
}
