import { parseArgs } from 'node:util';

export interface BenchArguments {
  readonly help: boolean;
  /** Names of measures; all the usual ones when empty. */
  readonly only: readonly string[];
  /** One JSON object a line instead of a table. */
  readonly json: boolean;
  readonly rounds: number;
  /** All counts of runs are multiplied by it. */
  readonly scale: number;
  /** Compare with other products; they are fetched when they are not there. */
  readonly peers: boolean;
  /** Queued runs of `backlog`. */
  readonly backlog: number;
  /** Length of `soak`. */
  readonly minutes: number;
  /** A folder for CPU profiles and statements of `drain` and `accept`, which are slower then. */
  readonly profile?: string;
}

export const BENCH_USAGE = `Usage: npm run bench -- [options]

  --only <name>   only this measure; may be given several times
  --json          one JSON object a row, nothing else, on stdout
  --rounds <n>    rounds that alternate between AOS and its references (3)
  --scale <x>     multiplies all counts of runs (1); 0.1 for a first look
  --no-peers      compare with PostgreSQL, pg-boss and Express alone: fetches nothing
  --backlog <n>   queued runs of backlog (100000)
  --minutes <n>   length of soak (1)
  --profile <dir> of drain and accept: CPU profiles of worker and API, costliest statements
  --help`;

const ROUNDS_MAX = 20;
const SCALE_MAX = 100;
const BACKLOG_MAX = 10_000_000;
const MINUTES_MAX = 24 * 60;

/** Throws a TypeError with a sentence for what it does not understand. */
export function parseBenchArguments(args: readonly string[]): BenchArguments {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      help: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '3' },
      scale: { type: 'string', default: '1' },
      'no-peers': { type: 'boolean', default: false },
      backlog: { type: 'string', default: '100000' },
      minutes: { type: 'string', default: '1' },
      profile: { type: 'string' },
    },
  });
  return {
    help: values.help,
    ...(values.profile !== undefined && { profile: values.profile }),
    only: values.only,
    json: values.json,
    rounds: number('rounds', values.rounds, { min: 1, max: ROUNDS_MAX, whole: true }),
    peers: !values['no-peers'],
    backlog: number('backlog', values.backlog, { min: 1, max: BACKLOG_MAX, whole: true }),
    minutes: number('minutes', values.minutes, { min: 0.1, max: MINUTES_MAX }),
    scale: number('scale', values.scale, { min: 0.001, max: SCALE_MAX }),
  };
}

function number(
  name: string,
  text: string,
  { min, max, whole = false }: { min: number; max: number; whole?: boolean },
): number {
  const value = Number(text);
  if (
    text.trim() === '' ||
    !(value >= min && value <= max) ||
    (whole && !Number.isInteger(value))
  ) {
    throw new TypeError(
      `--${name} is ${JSON.stringify(text)}; it must be a ${whole ? 'whole ' : ''}number from ${min} to ${max}.`,
    );
  }
  return value;
}
