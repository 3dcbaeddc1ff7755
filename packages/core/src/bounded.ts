import { createContext, Script } from 'node:vm';

/** The work was stopped, since it had not ended in time. */
export class TookTooLong extends Error {
  override readonly name = 'TookTooLong';
}

const room = createContext(Object.create(null) as Record<string, unknown>);
const script = new Script('work()');

/**
 * Does synchronous work whose length somebody else decides: a condition, a schema, a pattern. Nothing but
 * the virtual machine itself can stop such work from within, wherever it is. Throws `TookTooLong`.
 */
export function within<T>(ms: number, work: () => T): T {
  room['work'] = work;
  try {
    return script.runInContext(room, { timeout: ms }) as T;
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw new TookTooLong(`Stopped after ${ms} ms.`, { cause: error });
  } finally {
    room['work'] = undefined;
  }
}
