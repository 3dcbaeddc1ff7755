import assert from 'node:assert/strict';

import type { ChaosResult } from './chaos.ts';
import type { Fault } from './fault.ts';
import { percentile } from './held.ts';
import type { Random } from './random.ts';

/** One named thing that can go wrong, and what must hold then. */
export interface Scenario {
  /** As in the fault matrix: F1, F2 … */
  readonly name: string;
  readonly what: string;
  /** What must hold; `run` asserts it. */
  readonly passLine: string;
  readonly missing?: () => string | undefined;
  /** Throws when the pass line is not met. */
  readonly run: (context: ScenarioContext) => Promise<void>;
}

export interface ScenarioContext {
  readonly random: Random;
  readonly seed: number;
  readonly say: (line: string) => void;
}

/** Asserts what holds after every chaos: no violation, something done, somebody hit. */
export function assertSound(result: ChaosResult, least: { runs: number; hits: number }): void {
  assert.deepEqual(result.violations, []);
  assert.ok(result.accepted >= least.runs, `only ${result.accepted} runs were accepted`);
  const hits = result.blows.filter(({ held }) => held.length > 0).length;
  assert.ok(hits >= least.hits, `only ${hits} blows hit anybody who held runs`);
}

/** All times until a run that was held went on, in ms; those that had to run alone are not among them. */
export function timesOf(result: ChaosResult): { p50: number; p99: number; count: number } {
  const all = [...result.recovery.values()].flatMap(({ times }) => times);
  return { p50: percentile(all, 0.5), p99: percentile(all, 0.99), count: all.length };
}

export function repeated(fault: Fault, times: number): Fault[] {
  return Array.from({ length: times }, () => fault);
}
