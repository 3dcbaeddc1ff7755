import { parseChaosArguments, CHAOS_USAGE } from './arguments.ts';
import { chaos, told } from './chaos.ts';
import { faults as all } from './faults.ts';

// The program behind `npm run chaos`.
let code: number;
try {
  code = await main();
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n${CHAOS_USAGE}\n`);
  code = 2;
}
process.stdout.write('', () => process.exit(code));

async function main(): Promise<number> {
  const args = parseChaosArguments(process.argv.slice(2));
  if (args.help) {
    say(CHAOS_USAGE);
    return 0;
  }
  const faults = all.filter(({ name, missing }) => {
    if (args.only !== undefined && name !== args.only) return false;
    const why = missing?.();
    if (why !== undefined) say(`not done: ${name}: ${why}`);
    return why === undefined;
  });
  if (faults.length === 0) throw new TypeError(`There is no fault ${args.only}.`);
  const durationMs = args.minutes * 60_000;
  const result = await chaos({ seed: args.seed, durationMs, faults, say });
  for (const line of told(result)) say(line);
  const hits = [...result.struck.values()].reduce((sum, one) => sum + one.hits, 0);
  const enough = result.accepted >= args.minutes * 60 && hits >= Math.max(1, args.minutes * 3);
  if (!enough) say('FAILED: too little was done for this to prove anything.');
  return enough && result.violations.length === 0 ? 0 : 1;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
