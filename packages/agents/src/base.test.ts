import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import {
  agentSchema,
  AosError,
  problemsOf,
  type AgentDefinition,
  type AgentInput,
  type FromSchema,
  type PlanTemplate,
} from '@aos/core';

import { defineAgent } from './base.ts';

const minimal = { name: 'reader', description: 'Reads pages.' };
const template: PlanTemplate = {
  description: 'One page.',
  parameters: { type: 'object', properties: { url: { type: 'string' } } },
  plan: {
    version: 1,
    steps: [{ key: 'fetch', skill: 'http_request', input: { url: '${input.url}' } }],
  },
};

/** Every pointer and its complaint, in one text. */
function complaints(input: unknown): string {
  try {
    defineAgent(input as AgentInput);
    return '';
  } catch (error) {
    assert.ok(error instanceof AosError);
    assert.equal(error.code, 'invalid_request');
    return (error.problems ?? []).map(({ pointer, detail }) => `${pointer} ${detail}`).join('\n');
  }
}

test('what has a default may be left out', () => {
  assert.deepEqual(defineAgent(minimal), {
    ...minimal,
    instructions: '',
    planner: 'auto',
    skills: ['*'],
    limits: {},
    templates: {},
  });
});

test('an agent that breaks the schema is refused with every path', () => {
  assert.match(complaints({ name: 'No Spaces', description: '' }), /#\/name[\s\S]*#\/description/);
  assert.match(complaints({ ...minimal, planner: 'magic' }), /#\/planner/);
  assert.match(complaints({ ...minimal, skills: [] }), /#\/skills/);
  assert.match(complaints({ ...minimal, colour: 'red' }), /unknown field "colour"/);
  assert.match(complaints({ ...minimal, limits: { wallMs: 1 } }), /#\/limits\/wallMs/);
});

test('a template is checked as far as that goes without a catalog', () => {
  const withTemplate = (change: Partial<PlanTemplate>) =>
    complaints({ ...minimal, templates: { page: { ...template, ...change } } });
  const withInput = (url: string) =>
    withTemplate({
      plan: { version: 1, steps: [{ key: 'fetch', skill: 'http_request', input: { url } }] },
    });
  const [step] = template.plan.steps as [PlanTemplate['plan']['steps'][number]];

  assert.equal(withTemplate({}), '');
  assert.match(withTemplate({ parameters: { type: 'no such' } }), /parameters is no JSON Schema/);
  assert.match(withTemplate({ plan: { version: 1, steps: [] } }), /plan\/steps/);
  assert.match(withInput('${input.uri}'), /reads \$\{input\.uri\}, which is no parameter/);
  assert.match(withInput('${input.constructor}'), /is no parameter/);
  assert.match(withInput('${other.text}'), /which is no step/);
  assert.match(withInput('${not a reference}'), /is no reference/);
  const steps = [{ ...step, when: 'input.url != ""' }];
  assert.match(
    withTemplate({ plan: { version: 1, steps } }),
    /condition on input in the step fetch/,
  );
});

test('the schema and the type name the same fields', () => {
  type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
  const sameKeys: Same<keyof AgentDefinition, keyof typeof agentSchema.properties> = true;
  const sameRequired: Same<
    (typeof agentSchema.required)[number],
    { [K in keyof AgentInput]-?: undefined extends AgentInput[K] ? never : K }[keyof AgentInput]
  > = true;
  // Compiles only while the fields have the types the schema gives them.
  type Plain = Omit<FromSchema<typeof agentSchema>, 'templates'>;
  const sameTypes: Plain extends Omit<AgentDefinition, 'templates'> ? true : never = true;
  assert.ok(sameKeys && sameRequired && sameTypes);
  assert.deepEqual(problemsOf(agentSchema, defineAgent(minimal)), []);
});

test('the README shows the schema as it is', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [schema = '', example = ''] = [...readme.matchAll(/```json\n([\s\S]*?)```/g)].map(
    (match) => match[1],
  );
  const { templates } = agentSchema.properties;
  const item = templates.additionalProperties;
  const shown = {
    ...agentSchema,
    properties: {
      ...agentSchema.properties,
      templates: {
        ...templates,
        additionalProperties: {
          ...item,
          properties: { ...item.properties, plan: { $ref: 'plan' } },
        },
      },
    },
  };
  assert.deepEqual(JSON.parse(schema), shown);
  assert.equal(complaints(JSON.parse(example)), '');
});
