import type { Pause } from '@aos/core';
import type { Control } from '@aos/engine';
import type { Claim, Database, Queue } from '@aos/store';
import type { Telemetry } from '@aos/telemetry';

import { watchPauses, type PausedRuns } from './pause-watch.ts';
import { startReleaser, type Releaser } from './releaser.ts';

/** What is to rest, and what goes on after it. */
export interface Rests {
  /** Resolves once it is known what is paused. */
  readonly ready: Promise<void>;
  readonly list: () => readonly Pause[];
  /** Runs of this worker that were paused one by one, all of them. */
  readonly setRuns: (runs: PausedRuns) => void;
  /** What is paused has changed; resolves once it is known. */
  changed(): Promise<void>;
  /** From now on this worker sends on what rests no more, when it is its turn. */
  releaseAs(workerUuid: string): void;
  /** The control of a run, with what is paused in it. */
  controlOf(claim: Claim, control: Control): Control;
  stop(): Promise<void>;
}

export function startRests(
  database: Database,
  queue: Queue,
  telemetry: Telemetry,
  onError: (error: unknown) => void,
): Rests {
  const pauses = watchPauses(database, onError);
  let releaser: Releaser | undefined;
  return {
    ready: pauses.refresh(),
    list: pauses.list,
    setRuns: pauses.setRuns,
    async changed() {
      releaser?.stir();
      await pauses.refresh();
    },
    releaseAs(workerUuid) {
      releaser ??= startReleaser(database, queue, workerUuid, telemetry);
    },
    controlOf: ({ uuid, run }, control) => ({
      ...control,
      pausedBy: () => pauses.pausedBy(uuid, run),
      isSkillPaused: (skill) => pauses.isSkillPaused(run.tenant, skill),
    }),
    async stop() {
      pauses.stop();
      await releaser?.stop();
    },
  };
}
