import { parseTestArguments, TEST_USAGE } from './test-arguments.ts';
import { runStages } from './run-stages.ts';

// The program behind `npm test`.
let code: number;
try {
  const args = parseTestArguments(process.argv.slice(2));
  code = args.help ? 0 : await runStages(args, process.env);
  if (args.help) process.stdout.write(`${TEST_USAGE}\n`);
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n${TEST_USAGE}\n`);
  code = 2;
}
process.stdout.write('', () => process.exit(code));
