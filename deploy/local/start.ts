import { run } from './launcher.ts';

// The program behind `npm start`.
const code = await run(process.argv.slice(2), process.env);
process.stdout.write('', () => process.exit(code));
