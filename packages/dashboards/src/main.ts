import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { dashboards } from './index.ts';
import { textOf } from './text.ts';

// Writes the dashboards to monitoring/grafana/dashboards: node packages/dashboards/src/main.ts
const folder = fileURLToPath(new URL('../../../monitoring/grafana/dashboards/', import.meta.url));
mkdirSync(folder, { recursive: true });
for (const spec of dashboards) {
  writeFileSync(`${folder}${spec.name}.json`, textOf(spec));
  process.stdout.write(`${spec.name}.json\n`);
}
