import type { Claim } from './claims.ts';
import { isPassing, isUnavailable } from './db.ts';
import { systemTime, type Time } from './time.ts';

/** What can take: the database, or what stands for it. */
export interface Taking {
  /** One transaction. Tells what it will have taken, before it commits. */
  take(found: (claims: readonly Claim[]) => void): Promise<void>;
  /** Under which epochs the worker holds those of these runs that it holds. */
  epochs(claims: readonly Claim[]): Promise<ReadonlyMap<string, number>>;
}

const ASK_AGAIN_MS = 200;

/**
 * Takes runs. When the answer to the commit is lost, it is found out whether it stands: claims that
 * nobody knows of would be held for as long as their worker lives. Once its lease is lost they are in
 * other hands.
 */
export async function takeSurely(
  taking: Taking,
  { lost, time = systemTime }: { readonly lost?: AbortSignal; readonly time?: Time },
): Promise<readonly Claim[]> {
  let ready: readonly Claim[] = [];
  try {
    await taking.take((claims) => {
      ready = claims;
    });
    return ready;
  } catch (error) {
    if (ready.length === 0 || !isUnavailable(error)) throw error;
  }
  for (;;) {
    if (lost?.aborted) return [];
    try {
      const epochs = await taking.epochs(ready);
      return ready.filter(({ uuid, epoch }) => epochs.get(uuid) === epoch);
    } catch (error) {
      if (!isPassing(error)) throw error;
      await time.pause(ASK_AGAIN_MS);
    }
  }
}
