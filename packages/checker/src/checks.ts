import type { Check } from './check.ts';
import { approvals } from './checks/approvals.ts';
import { cancel } from './checks/cancel.ts';
import { completedOnce } from './checks/completed-once.ts';
import { driver } from './checks/driver.ts';
import { effectIntent } from './checks/effect-intent.ts';
import { effectKeys } from './checks/effect-keys.ts';
import { effectUnkeyed } from './checks/effect-unkeyed.ts';
import { epochs } from './checks/epochs.ts';
import { journalPlaces } from './checks/journal-places.ts';
import { oneEnd } from './checks/one-end.ts';
import { planHash } from './checks/plan-hash.ts';
import { progress } from './checks/progress.ts';
import { runState } from './checks/run-state.ts';
import { sets } from './checks/sets.ts';
import { skillVersion } from './checks/skill-version.ts';
import { stepState } from './checks/step-state.ts';
import { storedOutputs } from './checks/stored-outputs.ts';
import { unkeyed } from './checks/unkeyed.ts';

/** Every check there is. A new one is a file and a row. */
export const checks: readonly Check[] = [
  driver,
  oneEnd,
  completedOnce,
  epochs,
  effectIntent,
  effectKeys,
  effectUnkeyed,
  unkeyed,
  journalPlaces,
  runState,
  stepState,
  planHash,
  approvals,
  cancel,
  progress,
  skillVersion,
  storedOutputs,
  ...sets,
];
