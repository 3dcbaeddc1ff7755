import { parseArgs } from 'node:util';

export interface DrillArguments {
  readonly alerts: readonly string[];
  readonly all: boolean;
  readonly list: boolean;
  readonly json: boolean;
  readonly factor: number;
}

const FACTOR_MAX = 1_000;

/** Throws `TypeError` with a sentence about the first thing that is wrong. */
export function parseDrillArguments(args: readonly string[]): DrillArguments {
  const { values, positionals: alerts } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      all: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      factor: { type: 'string', default: '60' },
    },
  });
  const factor = Number(values.factor);
  if (!(factor >= 1 && factor <= FACTOR_MAX)) {
    throw new TypeError(`--factor is a number from 1 to ${FACTOR_MAX}, not "${values.factor}".`);
  }
  if (values.all && alerts.length > 0) throw new TypeError('Name alerts, or say --all; not both.');
  if (!values.all && !values.list && alerts.length === 0) {
    throw new TypeError('Name the alerts to drill, or say --all. --list tells which there are.');
  }
  const { all, list, json } = values;
  return { alerts, all, list, json, factor };
}
