import assert from 'node:assert/strict';
import { test } from 'node:test';

import { aManifest, anAgent } from '@aos/testing';

import { mayUse } from './agent.ts';
import { ARTIFACT_NAME } from './artifact.ts';
import { effectClasses, effectOf, needsIntent } from './skill.ts';

test('the effect of a call is picked by its input, and is the worst when that says nothing', () => {
  const manifest = aManifest({
    effect: 'unkeyed',
    effectBy: { property: 'method', values: { GET: 'read', PUT: 'keyed' } },
    input: { type: 'object', properties: { method: { type: 'string', default: 'GET' } } },
  });
  assert.equal(effectOf(manifest, { method: 'PUT' }), 'keyed');
  assert.equal(effectOf(manifest, {}), 'read', 'the default counts');
  for (const method of ['POST', 'get', 'constructor', '__proto__', 7, null, ['GET']]) {
    assert.equal(effectOf(manifest, { method }), 'unkeyed', JSON.stringify(method));
  }
  assert.equal(effectOf(aManifest({ effect: 'read' }), { method: 'PUT' }), 'read');
});

test('only what changes nothing outside may begin without being on record', () => {
  assert.deepEqual(effectClasses.filter(needsIntent), ['keyed', 'reconcilable', 'unkeyed']);
});

test('an agent may use the skills it names, or all', () => {
  assert.ok(mayUse(anAgent(), 'anything'));
  assert.ok(mayUse(anAgent({ skills: ['echo'] }), 'echo'));
  assert.ok(!mayUse(anAgent({ skills: ['echo'] }), 'shell_command'));
});

test('names of artifacts lead nowhere', () => {
  const name = new RegExp(ARTIFACT_NAME, 'u');
  for (const good of ['notes.md', 'out/table.json', 'a/b/c/d/e/f/g/h', '_x', 'a..b', 'x.tar.gz']) {
    assert.match(good, name);
  }
  for (const bad of [
    '',
    '.',
    '..',
    '../x',
    'a/../b',
    'a/..',
    './x',
    '/etc/passwd',
    'a//b',
    'a/',
    '..\\x',
    'a\\b',
    'd\0/x',
    '%2e%2e/x',
    '~/.ssh',
    '.ssh/id',
    'file:///etc',
    'a b',
    'a\nb',
    'a\n',
    '．．/x',
    'é',
    'x'.repeat(101),
    'a/'.repeat(8) + 'b',
  ]) {
    assert.doesNotMatch(bad, name, JSON.stringify(bad));
  }
});
