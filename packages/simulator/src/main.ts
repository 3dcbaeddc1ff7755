import { parseArgs } from 'node:util';

import { plant } from './mutants/plant.ts';

const USAGE = `npm run sim -- [--seeds N] [--seed S] [--mutant M] [--stop]
  --seeds N   how many histories, one a seed (1,000)
  --seed S    the first seed (1); alone, that one history with its trace
  --mutant M  with a mistake planted in the source
  --stop      end at the first violation`;
const SEEDS = 1_000;
const SHOWN_MAX = 20;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    mutant: { type: 'string' },
    stop: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  write(USAGE);
} else {
  if (values.mutant !== undefined) plant(values.mutant);
  const first = wholeNumber('--seed', values.seed ?? '1');
  const alone = values.seed !== undefined && values.seeds === undefined;
  const seeds = alone ? 1 : wholeNumber('--seeds', values.seeds ?? String(SEEDS));
  process.exitCode = (await simulateAll({ first, seeds, alone, stop: values.stop })) ? 1 : 0;
}

interface Order {
  readonly first: number;
  readonly seeds: number;
  readonly alone: boolean;
  readonly stop: boolean;
}

/** Whether anything was wrong. */
async function simulateAll({ first, seeds, alone, stop }: Order): Promise<boolean> {
  // Only now: what is planted must be there before the source is read.
  const { createTotals } = await import('./totals.ts');
  const { simulate } = await import('./simulate.ts');
  // Errors are thrown by the thousand here, as part of the game.
  if (!alone) Error.stackTraceLimit = 0;
  const totals = createTotals();
  let wrong = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const simulation = await simulate(seed, { traced: alone });
    totals.add(simulation);
    for (const line of simulation.trace) write(line);
    if (simulation.violations.length === 0) continue;
    if (++wrong <= SHOWN_MAX) write(`seed ${seed}: ${simulation.violations.join('\n    ')}`);
    if (stop) break;
  }
  for (const line of totals.lines()) write(line);
  return wrong > 0;
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new TypeError(`${name} must be a whole number, not ${JSON.stringify(text)}.\n${USAGE}`);
}

function write(line: string): void {
  process.stdout.write(`${line}\n`);
}
