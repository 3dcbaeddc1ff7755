import { AosError } from '@aos/core';

const REFUSED = 2;
const BROKEN = 70;

/** Says the sentence that the work ends with, or why it failed, and ends the process. */
export async function runProgram(work: () => Promise<string>): Promise<never> {
  try {
    process.stdout.write(`${await work()}\n`);
    process.exit(0);
  } catch (error) {
    const known = error instanceof AosError || error instanceof TypeError;
    const text = error instanceof Error ? (known ? error.message : error.stack) : String(error);
    process.stderr.write(`${text}\n`);
    process.exit(known ? REFUSED : BROKEN);
  }
}
