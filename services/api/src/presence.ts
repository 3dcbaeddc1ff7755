import { randomUUID } from 'node:crypto';

import { replicas, type Database } from '@aos/store';

/** That this replica lives, and where, for Prometheus to find it. */
export interface Presence {
  /** Resolves when it is taken back. */
  close(): Promise<void>;
}

const RENEW_EVERY_MS = 4_000;

/** Says it at once, and again before the lease runs out. What fails is tried again at the next turn. */
export function startPresence(
  database: Database,
  where: { readonly address: string; readonly port: number; readonly version: string },
  onError: (error: unknown) => void,
): Presence {
  const uuid = randomUUID();
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  const tell = async (): Promise<void> => {
    await replicas.announce(database, { uuid, ...where }).catch(onError);
    if (!closed) timer = setTimeout(() => void (telling = tell()), RENEW_EVERY_MS);
  };
  let telling = tell();
  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      await telling;
      await replicas.withdraw(database, uuid).catch(onError);
    },
  };
}
