import { parseChaosArguments, CHAOS_USAGE, type ChaosArguments } from './arguments.ts';
import { chaos, told } from './chaos.ts';
import { faults as all } from './faults.ts';
import { randomOf } from './random.ts';
import { scenarios } from './scenarios.ts';

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
  if (args.scenarios) return runScenarios(args);
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

/** One scenario after another; those that cannot be done here are told, and in CI are failures. */
async function runScenarios({ seed, only }: ChaosArguments): Promise<number> {
  const asked = scenarios.filter(({ name }) => only === undefined || name === only);
  if (asked.length === 0) throw new TypeError(`There is no scenario ${only}.`);
  let failed = 0;
  for (const { name, what, passLine, missing, run } of asked) {
    const why = missing?.();
    if (why !== undefined) {
      say(`not done: ${name}, ${what}: ${why}`);
      if (process.env['CI']) failed++;
      continue;
    }
    say(`${name}: ${what}`);
    const begun = performance.now();
    const seconds = () => `${((performance.now() - begun) / 1000).toFixed(1)} s`;
    try {
      await run({ random: randomOf(seed), seed, say: (line) => say(`  ${line}`) });
      say(`ok: ${name}, ${seconds()}: ${passLine}`);
    } catch (error) {
      failed++;
      say(`FAILED: ${name}, ${seconds()}: ${passLine}\n${String((error as Error).stack)}`);
    }
  }
  say(failed === 0 ? 'Every scenario passed.' : `${failed} scenarios failed.`);
  return failed === 0 ? 0 : 1;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
