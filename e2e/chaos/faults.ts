import type { Fault } from './fault.ts';
import { cutConnections, killDatabase, restartDatabase } from './faults/database.ts';
import { failpoint, killApi, killWorker, pauseApi, pauseWorker, roll } from './faults/processes.ts';
import { partition } from './faults/partition.ts';
import { cutWire, deadWire, deafListener, lostAnswers, slowWire } from './faults/wire.ts';

/** Every way to hurt a world that is under load. A new one is a file and a row. */
export const faults: readonly Fault[] = [
  killWorker,
  killApi,
  failpoint,
  pauseWorker,
  pauseApi,
  roll,
  killDatabase,
  restartDatabase,
  cutConnections,
  slowWire,
  cutWire,
  deadWire,
  deafListener,
  lostAnswers,
  partition,
];
