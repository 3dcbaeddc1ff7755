import { fork, type ChildProcess } from 'node:child_process';

import { workers, type Database, type Queue } from '@aos/store';

/** The argument that makes this program a worker in quarantine. */
export const QUARANTINE_ARGUMENT = '--quarantine';

/** A worker in quarantine that has had nothing to do for this long goes. */
const IDLE_MS = 5_000;
const LOOK_EVERY_MS = 500;

/** Starts this program once more, in quarantine; while that process lives, does nothing. It ends with ours. */
export function startsInQuarantine(
  program: string,
  environment: Readonly<Record<string, string | undefined>>,
): () => void {
  let child: ChildProcess | undefined;
  return () => {
    if (child) return;
    child = fork(program, [QUARANTINE_ARGUMENT], {
      env: { ...environment, WORKER_PORT: '0' },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child.once('error', () => (child = undefined));
    child.once('exit', () => (child = undefined));
  };
}

/** Whether runs wait in quarantine and no worker is there for them. */
export async function isWanted(database: Database, queue: Queue): Promise<boolean> {
  return (await queue.hasSuspects(database)) && !(await workers.isQuarantineStaffed(database));
}

/** Calls `leave` once nothing has waited in quarantine for a while and nothing is under way. */
export function leaveWhenIdle(options: {
  readonly isBusy: () => Promise<boolean>;
  readonly leave: () => void;
  readonly signal: AbortSignal;
}): void {
  let idleSince = performance.now();
  const timer = setInterval(() => {
    // A database that does not answer is no reason to go.
    void options.isBusy().then(
      (busy) => {
        if (busy) idleSince = performance.now();
        else if (performance.now() - idleSince > IDLE_MS) options.leave();
      },
      () => (idleSince = performance.now()),
    );
  }, LOOK_EVERY_MS);
  options.signal.addEventListener('abort', () => clearInterval(timer));
}
