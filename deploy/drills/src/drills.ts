import type { Drill } from './drill.ts';
import { backendDown } from './drills/BackendDown.ts';
import { workerPoolDown } from './drills/WorkerPoolDown.ts';

/** One for each alert, in the order in which they are drilled. */
export const drills: readonly Drill[] = [workerPoolDown, backendDown];

/** Alerts whose fault cannot be made here, and why. The gate lets none in without a reason. */
export const notDrilled: Readonly<Record<string, string>> = {};
