import type { ClaimedRun } from '@aos/core';

import type { Ports } from './ports.ts';
import type { Recorder } from './recorder.ts';

/** A run and what is needed to advance it. */
export interface Advance {
  readonly ports: Ports;
  readonly run: ClaimedRun;
  readonly recorder: Recorder;
  /** Fires when nothing of the run may go on: cancelled, past its deadline, stopped in a hurry, lost. */
  readonly abort: AbortSignal;
  /** Steps with this skill must not start now. */
  readonly isSkillPaused: (skill: string) => boolean;
}
