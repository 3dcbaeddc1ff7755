import assert from 'node:assert/strict';
import { test } from 'node:test';

import { idOf, newId, TENANT_NAME, uuidOf } from './id.ts';

test('ids are readable, new each time, and sort by the time they were made', () => {
  const ids = Array.from({ length: 1_000 }, () => newId('run'));
  assert.equal(new Set(ids).size, 1_000);
  for (const id of ids)
    assert.match(id, /^run_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.match(newId('approval'), /^apr_/);
});

test('an id gives its uuid back, and nothing else does', () => {
  const id = newId('run');
  const uuid = uuidOf('run', id) as string;
  assert.equal(idOf('run', uuid), id);
  for (const other of [
    uuid,
    id.toUpperCase(),
    `${id} `,
    ` ${id}`,
    `${id}\n`,
    id.replace('run_', 'apr_'),
    id.replace('run_', 'run_{'),
    id.replaceAll('-', ''),
    'run_',
    'run_00000000-0000-0000-0000-00000000000g',
    "run_' or 1=1--",
    '',
  ]) {
    assert.equal(uuidOf('run', other), undefined, JSON.stringify(other));
  }
});

test('tenants have plain names that fit into a list', () => {
  for (const name of ['default', 'a', '0-9', 'x'.repeat(63)]) assert.match(name, TENANT_NAME);
  for (const name of ['', 'A', 'a,b', 'a b', '-a', 'a\n', "a'", 'é', 'x'.repeat(64)]) {
    assert.doesNotMatch(name, TENANT_NAME);
  }
});
