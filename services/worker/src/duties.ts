import { clock } from './clock.ts';

/** Something that is done again and again as long as the worker lives. */
export interface Duty {
  readonly everyMs: number;
  readonly work: (stop: AbortSignal) => Promise<void>;
}

/** Each on its own, so that one that takes long keeps no other waiting. */
export function startDuties(
  duties: readonly Duty[],
  onError: (error: unknown) => void,
): { stop(): Promise<void> } {
  const stop = new AbortController();
  const loops = duties.map((duty) => repeat(duty, stop.signal, onError));
  return {
    async stop() {
      stop.abort();
      await Promise.all(loops);
    },
  };
}

async function repeat(
  { everyMs, work }: Duty,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    // The database may be away; whatever is missed is seen at the next look.
    await work(signal).catch(onError);
    await clock.sleep(everyMs, signal);
  }
}
