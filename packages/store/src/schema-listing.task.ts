import { writeFileSync } from 'node:fs';

import { createDatabase } from './db.ts';
import { readSchema } from './schema-listing.ts';

// Writes schema.txt anew from a database that has just been migrated: node schema-listing.task.ts postgres://…
const [url = ''] = process.argv.slice(2);
const database = createDatabase({ url, applicationName: 'aos-schema', connectionsMax: 1 });
const lines = await readSchema(database);
writeFileSync(new URL('../schema.txt', import.meta.url), `${lines.join('\n')}\n`);
await database.close();
