import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { isSecret, settings, type SettingName } from './settings.ts';

const page = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const rows = new Map(
  [...page.matchAll(/^\| `([A-Z0-9_]+)` *(\(secret\))? *\|/gm)].map(([, name = '', secret]) => [
    name,
    secret !== undefined,
  ]),
);

test('the page tells every setting, and no other', () => {
  assert.deepEqual(new Set(rows.keys()), new Set(Object.keys(settings)));
});

test('the page marks the secrets', () => {
  for (const [name, secret] of rows) assert.equal(secret, isSecret(name as SettingName), name);
});
