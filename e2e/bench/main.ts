import { BENCH_USAGE, parseBenchArguments } from './arguments.ts';
import { runBench } from './run-bench.ts';

// The program behind `npm run bench`.
let code: number;
try {
  const args = parseBenchArguments(process.argv.slice(2));
  code = args.help ? 0 : await runBench(args);
  if (args.help) process.stdout.write(`${BENCH_USAGE}\n`);
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n${BENCH_USAGE}\n`);
  code = 2;
}
process.stdout.write('', () => process.exit(code));
