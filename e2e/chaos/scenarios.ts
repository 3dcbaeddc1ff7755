import type { Scenario } from './scenario.ts';
import { f18 } from './scenarios/clock.ts';
import { f11, f12, f15, f7, f8 } from './scenarios/database.ts';
import { f16, f17 } from './scenarios/disk.ts';
import { f24 } from './scenarios/herd.ts';
import { f13, f14 } from './scenarios/network.ts';
import { f20 } from './scenarios/payloads.ts';
import { f27 } from './scenarios/restore.ts';
import { f25 } from './scenarios/upgrade.ts';
import { f1, f2, f3, f4, f5, f6, standby } from './scenarios/processes.ts';

/** The fault matrix, each with its pass line. A new one is a file and a row. */
export const scenarios: readonly Scenario[] = [
  standby,
  f1,
  f2,
  f3,
  f4,
  f5,
  f6,
  f7,
  f8,
  f11,
  f12,
  f13,
  f14,
  f15,
  f16,
  f17,
  f18,
  f20,
  f24,
  f25,
  f27,
];
