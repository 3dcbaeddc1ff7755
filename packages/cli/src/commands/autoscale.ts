import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';

export interface AutoscaleOptions {
  readonly min: string;
  readonly max: string;
  readonly targetAge: string;
  readonly downAfter: string;
  readonly grace: string;
}

/** It starts processes and knows their settings, which this package does not: a program of its own. */
const PROGRAM = new URL('../../../../deploy/local/autoscale.ts', import.meta.url);

export async function autoscale(context: Context, options: AutoscaleOptions): Promise<ExitCode> {
  const code = await context.handOver(PROGRAM, [
    `--min=${options.min}`,
    `--max=${options.max}`,
    `--target-age=${options.targetAge}`,
    `--down-after=${options.downAfter}`,
    `--grace=${options.grace}`,
  ]);
  return Object.values(exitCodes).find((known) => known === code) ?? exitCodes.fault;
}
