import { parseArgs } from 'node:util';

import { loadPrepareConfig } from '@aos/config';
import { TENANT_NAME } from '@aos/core';
import { apiKeys, createDatabase } from '@aos/store';

import { runProgram } from './run-program.ts';

const NAME_LENGTH_MAX = 100;

// Makes an API key and prints it, the one time it can be read. Speaks to the database as its owner.
await runProgram(async () => {
  const { values } = parseArgs({
    strict: true,
    allowPositionals: false,
    options: {
      name: { type: 'string', default: '' },
      tenant: { type: 'string', default: 'default' },
      scope: { type: 'string', multiple: true, default: ['admin'] },
    },
  });
  const { name, tenant } = values;
  if (name === '' || name.length > NAME_LENGTH_MAX) {
    throw new TypeError(
      `Say who the key is for with --name, in 1 to ${NAME_LENGTH_MAX} characters.`,
    );
  }
  if (!new RegExp(TENANT_NAME).test(tenant)) {
    throw new TypeError('--tenant must be small letters, digits and -, such as default.');
  }
  const scopes = values.scope.map(scopeOf);
  const url = loadPrepareConfig(process.env).databaseUrl;
  const owner = createDatabase({ url, applicationName: 'aos-create-key', connectionsMax: 1 });
  try {
    const { key } = await apiKeys.create(owner, { tenant, name, scopes });
    return key;
  } finally {
    await owner.close();
  }
});

function scopeOf(text: string): apiKeys.Scope {
  const scope = apiKeys.scopes.find((known) => known === text);
  if (!scope) throw new TypeError(`--scope must be one of ${apiKeys.scopes.join(', ')}.`);
  return scope;
}
