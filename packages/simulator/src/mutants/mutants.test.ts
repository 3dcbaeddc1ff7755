import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { runStoreCases } from '@aos/testing';

import { mutants } from './mutants.ts';
import { mutated, pathOf } from './plant.ts';

test('every mutant has a name of its own, and its text stands once in the source', () => {
  assert.equal(new Set(mutants.map(({ name }) => name)).size, mutants.length);
  assert.ok(mutants.length >= 18);
  for (const mutant of mutants) {
    const text = readFileSync(pathOf(mutant), 'utf8');
    assert.notEqual(mutated(text, mutant), text, mutant.name);
  }
});

test('a mutant whose text is gone, or stands twice, is refused', () => {
  const [mutant] = mutants;
  assert.ok(mutant);
  assert.throws(() => mutated('nothing of it', mutant), /0 times/);
  assert.throws(() => mutated(mutant.find + mutant.find, mutant), /2 times/);
});

test('every mutant of the SQL names a case of the suite', () => {
  for (const { name, killedBy } of mutants) {
    if (typeof killedBy === 'string' || !('conformance' in killedBy)) continue;
    const { conformance } = killedBy;
    assert.equal(runStoreCases.filter((one) => one.name.startsWith(conformance)).length, 1, name);
  }
});
