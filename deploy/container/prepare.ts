import { loadPrepareConfig } from '@aos/config';
import { createDatabase, migrate } from '@aos/store';

import { openLogin, type ServiceLogin } from './logins.ts';
import { runProgram } from './run-program.ts';

// Brings a database to this version's schema and makes the logins of the services. Does nothing the second
// time; several may run at once.
await runProgram(async () => {
  const { databaseUrl, apiUrl, workerUrl, warnings } = loadPrepareConfig(process.env);
  for (const warning of warnings) process.stderr.write(`Warning: ${warning}\n`);
  await migrate(databaseUrl);
  const logins: readonly ServiceLogin[] = [
    ...(apiUrl ? [{ role: 'aos_api', url: apiUrl } as const] : []),
    ...(workerUrl ? [{ role: 'aos_worker', url: workerUrl } as const] : []),
  ];
  const owner = createDatabase({
    url: databaseUrl,
    applicationName: 'aos-prepare',
    connectionsMax: 1,
  });
  try {
    for (const login of logins) await openLogin(owner, login);
  } finally {
    await owner.close();
  }
  return `The database is ready for this version of AOS; ${logins.length} logins of services are set.`;
});
