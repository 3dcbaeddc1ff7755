import type { Drill } from './drill.ts';
import { approvalsOverdue } from './drills/ApprovalsOverdue.ts';
import { backendDown } from './drills/BackendDown.ts';
import { criticalRunFailureRate } from './drills/CriticalRunFailureRate.ts';
import { databaseConnectionsExhausted } from './drills/DatabaseConnectionsExhausted.ts';
import { deadLettersOpen } from './drills/DeadLettersOpen.ts';
import { diskFilling } from './drills/DiskFilling.ts';
import { eventLagHigh } from './drills/EventLagHigh.ts';
import { eventLoopBlocked } from './drills/EventLoopBlocked.ts';
import { highRunFailureRate } from './drills/HighRunFailureRate.ts';
import { invariantViolated } from './drills/InvariantViolated.ts';
import { noRunsProcessed } from './drills/NoRunsProcessed.ts';
import { queueAgeHigh } from './drills/QueueAgeHigh.ts';
import { queueDepthCritical } from './drills/QueueDepthCritical.ts';
import { queueDepthWarning } from './drills/QueueDepthWarning.ts';
import { queueGrowthRapid } from './drills/QueueGrowthRapid.ts';
import { runSuccessBudgetBurn } from './drills/RunSuccessBudgetBurn.ts';
import { runsStuck } from './drills/RunsStuck.ts';
import { scrapeMissing } from './drills/ScrapeMissing.ts';
import { slowSkillExecution } from './drills/SlowSkillExecution.ts';
import { startLatencyBudgetBurn } from './drills/StartLatencyBudgetBurn.ts';
import { targetOut } from './drills/TargetOut.ts';
import { walGrowing } from './drills/WalGrowing.ts';
import { watchdog } from './drills/Watchdog.ts';
import { workerPoolDown } from './drills/WorkerPoolDown.ts';
import { workersRestarting } from './drills/WorkersRestarting.ts';

/** One for each alert, in the order in which they are drilled. */
export const drills: readonly Drill[] = [
  watchdog,
  workerPoolDown,
  backendDown,
  highRunFailureRate,
  criticalRunFailureRate,
  runSuccessBudgetBurn,
  noRunsProcessed,
  slowSkillExecution,
  queueDepthWarning,
  queueDepthCritical,
  queueGrowthRapid,
  queueAgeHigh,
  startLatencyBudgetBurn,
  runsStuck,
  deadLettersOpen,
  approvalsOverdue,
  targetOut,
  eventLagHigh,
  eventLoopBlocked,
  databaseConnectionsExhausted,
  workersRestarting,
  scrapeMissing,
  walGrowing,
  diskFilling,
  invariantViolated,
];

/** Alerts whose fault cannot be made here, and why. The gate lets none in without a reason. */
export const notDrilled: Readonly<Record<string, string>> = {};
