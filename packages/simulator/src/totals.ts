import type { Simulation } from './simulate.ts';
import { count } from './world.ts';

/** What many simulations did, all told: a simulation in which nothing happened proves nothing. */
export interface Totals {
  add(simulation: Simulation): void;
  readonly sums: Sums;
  lines(): string[];
}

export interface Sums {
  seeds: number;
  wrong: number;
  runs: number;
  events: number;
  storeCalls: number;
  effects: number;
  staleEffects: number;
  virtualMs: number;
  readonly faults: Map<string, number>;
  readonly hits: Map<string, number>;
  readonly recoveryMs: number[];
}

export function createTotals(): Totals {
  const begun = performance.now();
  const sums: Sums = {
    seeds: 0,
    wrong: 0,
    runs: 0,
    events: 0,
    storeCalls: 0,
    effects: 0,
    staleEffects: 0,
    virtualMs: 0,
    faults: new Map(),
    hits: new Map(),
    recoveryMs: [],
  };
  return {
    sums,
    add({ counts, violations, runs, events, effects, virtualMs }) {
      sums.seeds++;
      if (violations.length > 0) sums.wrong++;
      sums.runs += runs;
      sums.events += events;
      sums.effects += effects;
      sums.storeCalls += counts.storeCalls;
      sums.staleEffects += counts.staleEffects;
      sums.virtualMs += virtualMs;
      for (const [what, times] of counts.faults) count(sums.faults, what, times);
      for (const [what, times] of counts.hits) count(sums.hits, what, times);
      sums.recoveryMs.push(...counts.recoveries.map(({ ms }) => ms));
    },
    lines() {
      const seconds = (performance.now() - begun) / 1_000;
      const recovery = sums.recoveryMs.toSorted((a, b) => a - b);
      const at = (part: number) => Math.round(recovery[Math.floor(recovery.length * part)] ?? 0);
      return [
        `${sums.seeds} seeds in ${seconds.toFixed(1)} s: ${(sums.seeds / seconds).toFixed(0)} a second, ${(sums.virtualMs / 1_000 / seconds).toFixed(0)} times real time`,
        `${sums.runs} runs, ${sums.events} events, ${sums.effects} effects (${sums.staleEffects} by workers that had lost the run), ${sums.storeCalls} transactions`,
        `faults (that struck a holder of runs): ${listed(sums)}`,
        `recovery where nothing else went wrong: ${recovery.length} runs, half within ${at(0.5)} ms, all within ${Math.round(recovery.at(-1) ?? 0)} ms`,
        `violations: ${sums.wrong} seeds`,
      ];
    },
  };
}

function listed({ faults, hits }: Sums): string {
  return [...faults]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([what, times]) => `${what} ${times} (${hits.get(what) ?? 0})`)
    .join(', ');
}
