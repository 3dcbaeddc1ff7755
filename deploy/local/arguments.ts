import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm start                     start AOS and keep it running until Ctrl-C
       npm start -- --once "<goal>"  start AOS, run one goal, print its report as JSON, stop
       npm start -- --no-welcome     start without the welcome goal`;

export interface StartArguments {
  readonly once?: string;
  readonly welcome: boolean;
  readonly help: boolean;
}

/** Throws a TypeError with a sentence when they are wrong. */
export function parseArguments(args: readonly string[]): StartArguments {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: false,
    options: {
      once: { type: 'string' },
      'no-welcome': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { once } = values;
  if (once !== undefined && once.trim() === '') throw new TypeError('--once needs a goal.');
  return {
    ...(once !== undefined && { once }),
    welcome: !values['no-welcome'],
    help: values.help,
  };
}
