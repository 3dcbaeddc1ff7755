import type { Held } from './held.ts';
import type { World } from './world.ts';

/** One way to hurt a world. */
export interface Fault {
  readonly name: string;
  /** Why this machine cannot do it; undefined when it can. */
  readonly missing?: () => string | undefined;
  /** Hurts it, and takes the cause away again. Undefined when there was nobody to hurt. */
  readonly strike: (world: World) => Promise<Blow | undefined>;
}

export interface Blow {
  /** When it began. */
  readonly at: number;
  /** Runs that were in the hands of whoever was hit. */
  readonly held: readonly Held[];
}
