import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { eventually } from './checks.ts';

/** A Prometheus or an Alertmanager: a real process that says at /-/ready whether it is. */
export interface Watcher extends AsyncDisposable {
  readonly pid: number;
  log(): string;
}

/** Resolves once it is ready; fails with what it said when it ends before. Without `env` it has ours. */
export async function startWatcher(
  url: string,
  [program, ...args]: readonly [string, ...string[]],
  env?: Readonly<Record<string, string>>,
): Promise<Watcher> {
  const child = spawn(program, args, {
    ...(env && { env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (log += text));
  }
  const exited = once(child, 'exit');
  const end = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exited;
  };
  try {
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`${program} ended:\n${log}`);
      const ready = await fetch(`${url}/-/ready`).catch(() => undefined);
      return ready?.ok === true || undefined;
    });
  } catch (error) {
    await end();
    throw error;
  }
  return {
    pid: child.pid ?? 0,
    log: () => log,
    [Symbol.asyncDispose]: end,
  };
}
