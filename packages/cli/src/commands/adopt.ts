import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';

/** It speaks to the database as its owner, which this package never does: a program of its own. */
const PROGRAM = new URL('../../../../deploy/local/adopt.ts', import.meta.url);

export async function adopt(
  context: Context,
  { reason }: { readonly reason: string },
): Promise<ExitCode> {
  const code = await context.handOverAlone(PROGRAM, [`--reason=${reason}`]);
  return Object.values(exitCodes).find((known) => known === code) ?? exitCodes.fault;
}
