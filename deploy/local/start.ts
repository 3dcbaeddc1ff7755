import { run } from './launcher.ts';

// The program behind `npm start`. A terminal that was closed must not end it before all is stopped.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
const code = await run(process.argv.slice(2), process.env);
process.stdout.write('', () => process.exit(code));
