import { REDRIVES_MAX } from '@aos/core';
import { historySets, lettersThatFail } from '@aos/store';

import type { SetCheck } from '../check.ts';
import type { Invariant } from '../invariant.ts';

function set(invariant: Invariant, check: SetCheck['check']): SetCheck {
  return { kind: 'set', invariant, check };
}

/** Questions about whole tables, and about what the database itself watches. */
export const sets: readonly SetCheck[] = [
  set('I1', historySets.jobsWithoutReason),
  set('I1', async (tx) =>
    (await historySets.rowsThatDoNotBelong(tx)).filter(({ missing }) => missing),
  ),
  set('I2', historySets.keysOfOneRun),
  set('I3', (tx) => historySets.missingTrigger(tx, 'runs', 'finished_is_final')),
  set('I4', (tx) => historySets.missingTrigger(tx, 'steps', 'completed_is_final')),
  set('I9', historySets.writableJournal),
  set('I9', historySets.talliesThatDiffer),
  set('I12', (tx) => lettersThatFail(tx, REDRIVES_MAX)),
  set('I14', historySets.eventsOfBefore),
  set('I20', async (tx) =>
    (await historySets.rowsThatDoNotBelong(tx)).filter(({ missing }) => !missing),
  ),
  set('I20', historySets.openTables),
];
