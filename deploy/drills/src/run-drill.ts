import { once } from 'node:events';

import type { Drill, DrillReport, PhaseReport } from './drill.ts';
import { performDrill } from './perform.ts';
import { startStack } from './stack.ts';

export interface DrillOptions {
  readonly factor: number;
  /** PATH and the like, for every program of the stack. */
  readonly machine: Readonly<Record<string, string>>;
  readonly say: (report: PhaseReport) => void;
  /** Ends the drill at once, and its stack in order. */
  readonly signal: AbortSignal;
}

/** Drills one alert on a stack of its own, which is gone afterwards. */
export async function runDrill(drill: Drill, options: DrillOptions): Promise<DrillReport> {
  const { alert, severity, fault, overrides = [], workers = 1, env, postgres } = drill;
  const begun = Date.now();
  try {
    await using ends = new AsyncDisposableStack();
    const prepared = drill.prepare?.(ends);
    await using stack = await startStack({
      compression: { factor: options.factor, overrides },
      workers,
      machine: options.machine,
      env: { ...env, ...prepared },
      ...(postgres && { postgres }),
    });
    return await Promise.race([performDrill(drill, stack, options.say), aborted(options.signal)]);
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    const seconds = (Date.now() - begun) / 1_000;
    return { alert, severity, fault, overrides, phases: [], seconds, failure };
  }
}

async function aborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw new Error('It was stopped.');
}
