/** The catalog that plans are inspected against in tests, and plans of it that may run. */
import { aCatalog, aPlan, aStep } from '@aos/testing';

import type { Plan, PlanStep } from './plan.ts';

const page = {
  type: 'object',
  required: ['status', 'text'],
  additionalProperties: false,
  properties: {
    status: { type: 'integer' },
    text: { type: 'string' },
    links: { type: 'array', items: { type: 'string' } },
    pair: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }], items: false },
    meta: { type: 'object', additionalProperties: false, patternProperties: { '^x-': {} } },
  },
} as const;

export const catalog = aCatalog(
  { name: 'echo' },
  { name: 'fetch', output: page, limits: { timeoutMs: 1, timeoutMaxMs: 5_000, outputBytes: 1 } },
  {
    name: 'count',
    input: {
      type: 'object',
      required: ['text'],
      additionalProperties: false,
      properties: {
        text: { type: 'string', minLength: 1 },
        limit: { type: 'integer', minimum: 1 },
        'a/b': { type: 'string' },
        ratio: { type: 'number' },
      },
    },
    output: { type: 'object', properties: { words: { type: 'integer' } } },
  },
);
const fetched = aStep({ key: 'page', skill: 'fetch' });

/** The step as the second of a plan, behind one of the key `page`. */
export function after(step: Partial<PlanStep>): Plan {
  return { version: 1, steps: [fetched, aStep({ key: 'b', ...step })] };
}

const use = { use: { words: 0 } } as const;
export const good: readonly (readonly [string, Plan])[] = [
  ['a step alone', aPlan({})],
  ['a reference by type', after({ skill: 'count', input: { text: '${page.text}' } })],
  ['text around a reference', after({ skill: 'count', input: { text: 'x ${page.status}' } })],
  [
    'an integer for a number',
    after({ skill: 'count', input: { text: 'x', ratio: '${page.status}' } }),
  ],
  ['an open output', aPlan({}, { key: 'b', skill: 'count', input: { text: '${a.whatever[3]}' } })],
  ['the input of the run', after({ skill: 'count', input: { text: '${input.any.thing}' } })],
  [
    'a list by reference',
    after({ forEach: { in: '${page.links}' }, input: { x: '${item}', i: '${index}' } }),
  ],
  ['a literal list', after({ forEach: { in: [1, '${page.text}'], concurrency: 32 } })],
  [
    'an item of a mapped step',
    {
      version: 1,
      steps: [
        aStep({ key: 'page', skill: 'fetch', forEach: { in: ['u'] } }),
        aStep({ key: 'b', input: { x: '${page[0].text}' } }),
      ],
    },
  ],
  ['a condition', after({ when: 'page.status == 200 && input.go' })],
  ['only after', after({ after: ['page'] })],
  [
    'every option',
    after({
      retry: { attempts: 10 },
      timeoutMs: 100,
      onError: 'continue',
      approval: { reason: 'r' },
    }),
  ],
  [
    'a fallback of any form',
    {
      version: 1,
      steps: [
        aStep({ key: 'page', skill: 'fetch', onError: use }),
        aStep({ key: 'b', input: { x: '${page.words}' } }),
      ],
    },
  ],
  ['a tuple', after({ input: { x: '${page.pair[1]}' } })],
  ['a property by pattern', after({ input: { x: '${page.meta["x-id"]}' } })],
  ['an output', { ...after({}), output: { text: '${page.text}', all: ['${b}'] } }],
  [
    'a later step named first',
    { version: 1, steps: [aStep({ key: 'b', input: { x: '${page.text}' } }), fetched] },
  ],
  [
    'a key like a built-in',
    aPlan({ key: 'constructor' }, { key: 'b', input: { x: '${constructor.y}' } }),
  ],
  ['an escape', after({ input: { x: '$${page.nothing}' } })],
];
