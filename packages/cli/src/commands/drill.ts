import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';

export interface DrillOptions {
  readonly all?: boolean;
  readonly list?: boolean;
  readonly factor: string;
}

/** It starts an installation of its own and breaks it: a program of its own, which no API and no key concerns. */
const PROGRAM = new URL('../../../../deploy/drills/src/main.ts', import.meta.url);

export async function drill(
  context: Context,
  alerts: readonly string[],
  options: DrillOptions,
): Promise<ExitCode> {
  const code = await context.handOverAlone(PROGRAM, [
    `--factor=${options.factor}`,
    ...(options.all ? ['--all'] : []),
    ...(options.list ? ['--list'] : []),
    ...(context.json ? ['--json'] : []),
    '--',
    ...alerts,
  ]);
  return Object.values(exitCodes).find((known) => known === code) ?? exitCodes.fault;
}
