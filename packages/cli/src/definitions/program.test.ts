import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { exitCodes } from '../exit-code.ts';
import { defineProgram } from './program.ts';

const program = defineProgram('0.0.0', async () => undefined);
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

test('every command has words for itself, its arguments and its options, and takes --json', () => {
  assert.equal(program.commands.length, 33);
  for (const command of program.commands) {
    assert.match(command.description(), /^[a-z]/, command.name());
    assert.match(command.helpInformation(), /--json +print one JSON document/);
    for (const option of command.options) assert.ok(option.description, option.flags);
    assert.ok(readme.includes(command.name()), command.name());
  }
});

test('every exit code is explained by the help', () => {
  const codes = [...readme.matchAll(/^ {2}(\d+) {2,}\S/gm)].map(([, code]) => Number(code));
  assert.deepEqual(codes, Object.values(exitCodes));
});
