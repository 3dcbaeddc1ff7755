import { fork, type ChildProcess } from 'node:child_process';

/** The argument that makes this program a worker in quarantine. */
export const QUARANTINE_ARGUMENT = '--quarantine';

/** A worker in quarantine that has had nothing to do for this long goes. */
const IDLE_MS = 5_000;
const LOOK_EVERY_MS = 500;

/** Each executes one run at a time, which may take long: others that wait must not depend on its end. */
const PROCESSES_MAX = 4;

/** Starts this program once more, in quarantine, as often as there may be of it. It ends with ours. */
export function startsInQuarantine(
  program: string,
  environment: Readonly<Record<string, string | undefined>>,
): () => void {
  const running = new Set<ChildProcess>();
  return () => {
    if (running.size >= PROCESSES_MAX) return;
    const child = fork(program, [QUARANTINE_ARGUMENT], {
      env: { ...environment, WORKER_PORT: '0' },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    running.add(child);
    for (const end of ['error', 'exit']) child.once(end, () => running.delete(child));
  };
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
