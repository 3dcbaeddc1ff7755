import { parseArgs } from 'node:util';

import { loadLocalConfig } from '@aos/config';
import { AosError } from '@aos/core';
import { adopt } from '@aos/store';

// The program behind `aos adopt`. It speaks to the database as its owner, while nothing else does.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
const code = await main(process.argv.slice(2), process.env).catch((error: unknown) => {
  const known = error instanceof AosError || error instanceof TypeError;
  process.stderr.write(
    `${error instanceof Error ? (known ? error.message : error.stack) : String(error)}\n`,
  );
  return known ? 2 : 70;
});
process.stdout.write('', () => process.exit(code));

async function main(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: false,
    options: { reason: { type: 'string', default: '' } },
  });
  const reason = values.reason.trim();
  if (reason === '' || reason.length > 500) {
    throw new TypeError('Say why with --reason, in 1 to 500 characters: it is kept.');
  }
  const { databaseUrl } = loadLocalConfig(environment);
  if (databaseUrl === undefined) {
    throw new TypeError('Set DATABASE_URL to the restored database, as its owner.');
  }
  const { incarnation, dispatched, interrupted } = await adopt(databaseUrl, reason);
  process.stdout.write(
    `This is incarnation ${incarnation} of the database. ${dispatched} unfinished runs were dispatched anew; ` +
      `${interrupted} of them were with a worker. Services may start.\n`,
  );
  return 0;
}
