import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import {
  AosError,
  failures,
  problemsOf,
  schemaFault,
  type JsonObject,
  type JsonSchema,
} from '@aos/core';
import { createEgress } from '@aos/egress';
import type { Model } from '@aos/llm';

import { createPostgresConnections, createSkills, type ModelPort } from './index.ts';
import { memoryWorkspace } from './testing.ts';

const egress = createEgress({ allowPrivateHosts: [] });
const skills = createSkills({
  egress,
  workspace: memoryWorkspace(),
  postgres: createPostgresConnections({}),
});
after(() => skills[Symbol.asyncDispose]());

const call = {
  tenant: 'default',
  runId: 'run_1',
  stepKey: 'a',
  epoch: 1,
  attempt: 1,
  agent: 'default',
  idempotencyKey: 'k',
};
const options = { signal: new AbortController().signal, timeoutMs: 10_000 };

test('the set has every skill, by its name', () => {
  assert.deepEqual(
    skills
      .manifests()
      .map(({ name }) => name)
      .toSorted(),
    [
      'html_extract',
      'http_request',
      'json_transform',
      'llm_invoke',
      'log_report',
      'postgres_query',
      'system_read_file',
      'system_write_file',
    ],
  );
  for (const { name } of skills.manifests()) assert.equal(skills.get(name)?.manifest.name, name);
  assert.equal(skills.get('toString'), undefined);
});

test('a skill nobody has is a failure', async () => {
  const result = await skills.execute({ ...call, skill: 'nosuch', input: {} }, options);
  assert.ok(result.outcome === 'failed' && result.failure.code === 'skill_not_found');
});

for (const manifest of skills.manifests()) {
  const { name } = manifest;

  test(`the manifest of ${name} is complete data`, () => {
    assert.deepEqual(JSON.parse(JSON.stringify(manifest)), manifest, 'survives the catalog');
    assert.match(manifest.version, /^\d+\.\d+\.\d+$/);
    assert.match(manifest.description, /^[A-Z][^]{20,300}\.$/);
    assert.ok(manifest.limits.timeoutMs <= manifest.limits.timeoutMaxMs);
    assert.ok(manifest.limits.outputBytes <= 4 * 1024 * 1024);
    assert.ok(manifest.failures.length > 0 && manifest.examples.length > 0);
    for (const { code, when } of manifest.failures) {
      assert.ok(Object.hasOwn(failures, code), code);
      assert.match(when, /\.$/);
    }
    for (const permission of manifest.permissions) assert.match(permission, /^[a-z]+:[a-z]+$/);
  });

  test(`the schemas of ${name} are closed and valid`, () => {
    for (const schema of [manifest.input, manifest.output]) {
      assert.equal(schemaFault(schema), undefined);
      assert.equal(schema['type'], 'object');
      for (const open of openObjects(schema)) assert.fail(`${JSON.stringify(open)} is open`);
    }
  });

  test(`the examples of ${name} hold its schemas`, () => {
    for (const { title, input, output } of manifest.examples) {
      assert.deepEqual(problemsOf(manifest.input, input), [], title);
      assert.deepEqual(problemsOf(manifest.output, output), [], title);
    }
  });

  test(`${name} refuses unknown fields`, async () => {
    const input = { ...manifest.examples[0]?.input, surprise: 1 } as JsonObject;
    const result = await skills.execute({ ...call, skill: name, input }, options);
    assert.ok(result.outcome === 'failed' && result.failure.code === 'skill_input_invalid');
  });
}

test('the examples that need nothing outside give what they show', async () => {
  for (const name of ['html_extract', 'json_transform', 'llm_invoke']) {
    for (const { input, output } of skills.get(name)?.manifest.examples ?? []) {
      const result = await skills.execute({ ...call, skill: name, input }, options);
      assert.ok(result.outcome === 'completed', JSON.stringify(result));
      assert.deepEqual(JSON.parse(JSON.stringify(result.output)), output);
    }
  }
});

/** Does not compile when the model of the llm package no longer fits the port. */
const fits = (model: Model): ModelPort => model;

test('the set takes a model of the llm package', async () => {
  const model: Model = {
    provider: 'anthropic',
    defaultModel: 'm',
    complete: async () => Promise.reject(new AosError('model_refused', 'No.')),
  };
  await using set = createSkills({
    egress,
    workspace: memoryWorkspace(),
    postgres: createPostgresConnections({}),
    model: fits(model),
  });
  const result = await set.execute(
    { ...call, skill: 'llm_invoke', input: { prompt: 'x' } },
    options,
  );
  assert.ok(result.outcome === 'failed' && result.failure.code === 'model_refused');
});

/** Objects with named properties that would take others too. Maps and free objects name none. */
function openObjects(schema: unknown): JsonSchema[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const inner = Object.values(schema).flatMap(openObjects);
  const { type, properties, additionalProperties } = schema as Record<string, unknown>;
  const open = type === 'object' && properties !== undefined && additionalProperties !== false;
  return open ? [schema as JsonSchema, ...inner] : inner;
}
