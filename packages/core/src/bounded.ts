import { createContext, Script } from 'node:vm';

/** The work was stopped, since it had not ended in time. */
export class TookTooLong extends Error {
  override readonly name = 'TookTooLong';
}

const room = createContext(Object.create(null) as Record<string, unknown>);
const script = new Script('work()');

/** How often work is begun that the machine did not let run. */
const TRIES = 3;

/**
 * Does synchronous work whose length somebody else decides: a condition, a schema, a pattern. Nothing but
 * the virtual machine itself can stop such work from within, wherever it is, and its clock goes on while
 * the machine does other things: work that got less than a quarter of its time is begun again, so it must not mind.
 * Throws `TookTooLong`.
 */
export function within<T>(ms: number, work: () => T): T {
  room['work'] = work;
  try {
    for (let tries = 1; ; tries++) {
      const before = process.threadCpuUsage();
      try {
        return script.runInContext(room, { timeout: ms }) as T;
      } catch (error) {
        if ((error as { code?: unknown } | null)?.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT')
          throw error;
        const { user, system } = process.threadCpuUsage(before);
        if ((user + system) / 1_000 >= ms / 4 || tries === TRIES)
          throw new TookTooLong(`Stopped after ${ms} ms.`, { cause: error });
      }
    }
  } finally {
    room['work'] = undefined;
  }
}
