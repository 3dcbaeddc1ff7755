import { parseArgs } from 'node:util';

export interface ChaosArguments {
  readonly minutes: number;
  readonly seed: number;
  readonly only?: string;
  readonly scenarios: boolean;
  readonly help: boolean;
}

export const CHAOS_USAGE = `Usage: npm run chaos -- [--minutes N] [--seed S] [--only fault] [--scenarios]

  --minutes N    how long faults go on (1)
  --seed S       repeats the choices of an earlier run
  --only NAME    this fault alone, or with --scenarios this scenario
  --scenarios    one named scenario after another instead, each with its pass line`;

const MINUTES_MAX = 1_440;

export function parseChaosArguments(argv: readonly string[]): ChaosArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      minutes: { type: 'string', default: '1' },
      seed: { type: 'string' },
      only: { type: 'string' },
      scenarios: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= MINUTES_MAX)) {
    throw new TypeError(`--minutes needs a number up to ${MINUTES_MAX}, not ${values.minutes}.`);
  }
  const seed =
    values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new TypeError(`--seed needs a whole number, not ${values.seed}.`);
  }
  const { scenarios, help, only } = values;
  return { minutes, seed, scenarios, help, ...(only !== undefined && { only }) };
}
