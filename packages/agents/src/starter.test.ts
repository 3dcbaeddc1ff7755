import assert from 'node:assert/strict';
import test from 'node:test';

import {
  agentSchema,
  inspectPlan,
  mayUse,
  problemsOf,
  type Catalog,
  type JsonSchema,
  type SkillManifest,
} from '@aos/core';
import jsonata from 'jsonata';

import { COMPARISON, starterAgents } from './starter.ts';

const text = { type: 'string' };
const list = { type: 'array' };

/** The skills the templates use, with the names and types of their input and output. */
const catalog: Catalog = new Map(
  [
    skill('http_request', { url: text }, { url: text, contentType: text, text }),
    skill(
      'html_extract',
      { html: text, contentType: text, baseUrl: text, extract: list },
      { title: text, headings: list, text },
    ),
    skill('llm_invoke', { prompt: text, task: text, input: {} }, { text }),
    skill('json_transform', { data: {}, expression: text }, { result: {} }),
    skill(
      'system_write_file',
      { name: text, content: {} },
      { name: text, bytes: { type: 'integer' }, digest: text },
    ),
    skill('log_report', { title: text, sections: list }, { name: text }),
  ].map((manifest) => [manifest.name, manifest]),
);

function skill(
  name: string,
  input: Record<string, JsonSchema>,
  output: Record<string, JsonSchema>,
): SkillManifest {
  const closed = { type: 'object', additionalProperties: false };
  return {
    name,
    version: '1.0.0',
    description: name,
    input: { ...closed, properties: input, required: Object.keys(input) },
    output: { ...closed, properties: output },
    effect: 'read',
    permissions: [],
    limits: { timeoutMs: 1000, timeoutMaxMs: 1000, outputBytes: 1000 },
    cost: { kind: 'free' },
    failures: [],
    examples: [],
  };
}

test('there is one starter agent, which may use every skill and chooses its planner itself', () => {
  assert.deepEqual(
    starterAgents.map(({ name, planner }) => [name, planner]),
    [['general', 'auto']],
  );
  for (const agent of starterAgents) {
    assert.deepEqual(problemsOf(agentSchema, agent), []);
    for (const name of catalog.keys()) assert.ok(mayUse(agent, name));
  }
});

test('the plans of the templates pass the inspector', () => {
  for (const agent of starterAgents) {
    const names = Object.keys(agent.templates);
    assert.deepEqual(names, ['page-headings-summary', 'save-page-text', 'compare-pages']);
    for (const [name, { plan }] of Object.entries(agent.templates)) {
      assert.deepEqual(inspectPlan(plan, { catalog, agent }), [], name);
    }
  }
});

test('a parameter without a default is required', () => {
  const [{ templates }] = starterAgents as [(typeof starterAgents)[number]];
  const required = Object.values(templates).map(({ parameters }) => parameters['required']);
  assert.deepEqual(required, [['url'], ['url'], ['first', 'second']]);
});

function headings(texts: readonly string[]) {
  return texts.map((heading) => ({ level: 1, text: heading }));
}

async function compare(first: readonly string[], second: readonly string[]): Promise<unknown> {
  const data = { first: headings(first), second: headings(second) };
  return JSON.parse(JSON.stringify(await jsonata(COMPARISON).evaluate(data)));
}

test('two pages are compared by their headings, also when there are none or one', async () => {
  assert.deepEqual(await compare(['a', 'b', 'b'], ['b', 'c']), {
    both: ['b'],
    onlyFirst: ['a'],
    onlySecond: ['c'],
  });
  assert.deepEqual(await compare([], ['c']), { both: [], onlyFirst: [], onlySecond: ['c'] });
  assert.deepEqual(await compare([], []), { both: [], onlyFirst: [], onlySecond: [] });
});
