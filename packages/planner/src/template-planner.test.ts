import assert from 'node:assert/strict';
import test from 'node:test';

import {
  completeAgent,
  resolve,
  type Json,
  type JsonObject,
  type JsonSchema,
  type Plan,
} from '@aos/core';

import { fixtureCatalog } from './catalog.fixture.ts';
import { makePlan } from './logic.ts';
import { createPlanners } from './planners.ts';

const parameters = {
  type: 'object',
  required: ['url'],
  additionalProperties: false,
  properties: {
    url: { type: 'string', pattern: '^https?://' },
    title: { type: 'string', default: 'Untitled' },
    tags: { type: 'array', items: { type: 'string' } },
    note: { type: 'string' },
  },
} as const satisfies JsonSchema;

function fill(template: Plan, given?: JsonObject, name = 'page', schema: JsonSchema = parameters) {
  const agent = completeAgent({
    name: 'writer',
    description: 'Writes.',
    templates: { page: { description: 'A page.', parameters: schema, plan: template } },
  });
  const plan = { template: name, ...(given && { parameters: given }) };
  const goal = { goal: 'Do it.', input: {}, plan, limits: {}, tags: [] };
  return makePlan(
    createPlanners(),
    'template',
    { goal, agent, catalog: fixtureCatalog },
    new AbortController().signal,
  );
}

function planOf(content: Json, more: Partial<Plan> = {}): Plan {
  return {
    version: 1,
    steps: [
      { key: 'fetch', skill: 'http_request', input: { url: '${input.url}' } },
      { key: 'save', skill: 'system_write_file', input: { name: 'a.md', content } },
    ],
    ...more,
  };
}

async function contentOf(content: Json, given: JsonObject): Promise<Json> {
  const { plan } = await fill(planOf(content), { url: 'https://a.example', ...given });
  return plan.steps[1]?.input['content'] as Json;
}

test('parameters and defaults take the place of the input, references to steps stay', async () => {
  const { plan } = await fill(
    planOf('# ${input.title}\n${fetch.text}', { output: '${save.name}' }),
    {
      url: 'https://a.example',
    },
  );
  assert.deepEqual(plan.steps, [
    { key: 'fetch', skill: 'http_request', input: { url: 'https://a.example' } },
    {
      key: 'save',
      skill: 'system_write_file',
      input: { name: 'a.md', content: '# Untitled\n${fetch.text}' },
    },
  ]);
  assert.equal(plan.output, '${save.name}');
});

test('a lone parameter keeps its type', async () => {
  assert.deepEqual(await contentOf('${input.tags}', { tags: ['a', 'b'] }), ['a', 'b']);
  assert.equal(await contentOf('${input.tags[1]}', { tags: ['a', 'b'] }), 'b');
  assert.equal(await contentOf('tags: ${input.tags}', { tags: ['a'] }), 'tags: ["a"]');
});

test('a parameter is data: whatever it holds, it never becomes a reference', async () => {
  const scope = new Map<string, Json>([['fetch', { text: 'SECRET' }]]);
  const hostile = [
    '${fetch.text}',
    '$${fetch.text}',
    '$$${fetch.text}',
    '${',
    '$',
    '${fetch.text',
    '}',
  ];
  for (const note of hostile) {
    for (const [around, expected] of [
      ['${input.note}', note],
      ['a ${input.note} b', `a ${note} b`],
      ['$${${input.note}', `\${${note}`],
      ['${input.note}{fetch.text}', `${note}{fetch.text}`],
    ] as const) {
      const content = await contentOf(around, { note });
      assert.equal(resolve(content, scope), expected, JSON.stringify({ note, around }));
    }
  }
});

test('a hostile parameter beside a reference stays text, and the reference is read', async () => {
  const scope = new Map<string, Json>([['fetch', { text: 'PAGE' }]]);
  const content = await contentOf('${input.note}: ${fetch.text}', { note: '${fetch.text}' });
  assert.equal(resolve(content, scope), '${fetch.text}: PAGE');
});

test('two parameters that meet cannot form a reference', async () => {
  const content = await contentOf('${input.note}${input.title}', {
    note: '$',
    title: '{fetch.text}',
  });
  assert.equal(resolve(content, new Map()), '${fetch.text}');
});

test('a parameter that ends in $ right before a reference is refused, since it would escape it', async () => {
  await assert.rejects(contentOf('${input.note}${fetch.text}', { note: '5$' }), {
    code: 'invalid_request',
  });
});

test('a template that does not exist is refused with the names there are', async () => {
  for (const name of ['other', 'constructor', '__proto__']) {
    await assert.rejects(fill(planOf('x'), {}, name), {
      code: 'template_not_found',
      message: /it has: page\.$/,
    });
  }
});

test('parameters that break the schema are refused with every path', async () => {
  await assert.rejects(fill(planOf('x'), { url: 'ftp://a', colour: 'red' }), (error: unknown) => {
    const { code, problems } = error as { code: string; problems: { pointer: string }[] };
    assert.equal(code, 'invalid_request');
    assert.deepEqual(problems.map(({ pointer }) => pointer).toSorted(), [
      '#/plan/parameters',
      '#/plan/parameters/url',
    ]);
    return true;
  });
  await assert.rejects(fill(planOf('x')), {
    code: 'invalid_request',
    message: /lacks the field "url"/,
  });
});

test('a parameter without value or default is told, not left to the run', async () => {
  await assert.rejects(contentOf('${input.note}', {}), {
    code: 'plan_invalid',
    message: /\$\{input\.note\}/,
  });
});

test('a condition cannot read parameters, so a template with one is refused', async () => {
  const [fetch, save] = planOf('x').steps as [Plan['steps'][0], Plan['steps'][0]];
  const steps = [fetch, { ...save, when: 'input.note == "x"' }];
  await assert.rejects(fill({ version: 1, steps }, { url: 'https://a.example' }), {
    code: 'plan_invalid',
    message: /condition of the step save/,
  });
});

test('a schema from outside neither collides with another nor crashes', async () => {
  const one = { $id: 'https://schemas.example/one', ...parameters };
  await fill(planOf('x'), { url: 'https://a.example' }, 'page', { ...one });
  await fill(planOf('x'), { url: 'https://a.example' }, 'page', { ...one });
  await assert.rejects(fill(planOf('x'), {}, 'page', { type: 'no such type' }), {
    code: 'plan_invalid',
  });
});
