import assert from 'node:assert/strict';
import { test } from 'node:test';

import { anAgent, aPlan, aStep } from '@aos/testing';

import { after, catalog, good } from './inspect-plan.fixture.ts';
import { checkedPlan, inspectPlan, type Inspection } from './inspect-plan.ts';
import { PLAN_STEPS_MAX, RESERVED_KEYS, type Plan } from './plan.ts';

const inspection: Inspection = { catalog };

for (const [what, plan] of good) {
  test(`a plan with ${what} may run`, () => {
    assert.deepEqual(inspectPlan(plan, inspection), []);
    assert.equal(checkedPlan(plan, inspection), plan);
  });
}

const deep = (levels: number): never =>
  JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as never;

/** Each plan breaks one rule. */
const bad: readonly (readonly [string, unknown, string, RegExp, Partial<Inspection>?])[] = [
  ['no object', 'plan', '#', /must be object/],
  ['nothing', null, '#', /must be object/],
  ['no steps', { version: 1 }, '#', /lacks the field "steps"/],
  ['an empty list of steps', { version: 1, steps: [] }, '#/steps', /fewer than 1/],
  ['another version', { ...aPlan({}), version: 2 }, '#/version', /must be 1/],
  ['an unknown field', { ...aPlan({}), cost: 1 }, '#', /unknown field "cost"/],
  [
    'an unknown field of a step',
    after({ retries: 3 } as never),
    '#/steps/1',
    /unknown field "retries"/,
  ],
  ['a key with a dash', aPlan({ key: 'a-b' }), '#/steps/0/key', /pattern/],
  ['the key __proto__', aPlan({ key: '__proto__' }), '#/steps/0/key', /pattern/],
  ...[...RESERVED_KEYS].map(
    (key) => [`the key ${key}`, aPlan({ key }), '#/steps/0/key', /may not be the word/] as const,
  ),
  ['a key twice', aPlan({}, {}), '#/steps/1/key', /repeats the key a/],
  ['an unknown skill', after({ skill: 'teleport' }), '#/steps/1/skill', /unknown skill teleport/],
  [
    'a skill named as a built-in',
    after({ skill: 'constructor' }),
    '#/steps/1/skill',
    /unknown skill/,
  ],
  [
    'a forbidden skill',
    after({}),
    '#/steps/1/skill',
    /agent tester may not use/,
    { agent: anAgent({ skills: ['fetch'] }) },
  ],
  [
    'too many steps for the agent',
    after({}),
    '#/steps',
    /budget allows 1/,
    { agent: anAgent({ limits: { steps: 1 } }) },
  ],
  ['too many steps for the caller', after({}), '#/steps', /budget allows 1/, { stepsMax: 1 }],
  [
    'an unknown step',
    after({ input: { x: '${pag.text}' } }),
    '#/steps/1/input',
    /unknown step pag/,
  ],
  [
    'an unknown step in a text in a list',
    after({ input: { x: [{ y: 'a ${pag} b' }] } }),
    '#/steps/1/input',
    /unknown step pag/,
  ],
  ['an unknown step in after', after({ after: ['pag'] }), '#/steps/1/after', /unknown step pag/],
  ['its own output', after({ input: { x: '${b.y}' } }), '#/steps/1/input', /its own output/],
  [
    'item outside of forEach',
    after({ input: { x: '${item}' } }),
    '#/steps/1/input',
    /outside of forEach/,
  ],
  [
    'index outside of forEach',
    after({ input: { x: '${index}' } }),
    '#/steps/1/input',
    /outside of forEach/,
  ],
  [
    'item in the list itself',
    after({ forEach: { in: ['${item}'] } }),
    '#/steps/1/forEach/in',
    /outside of forEach/,
  ],
  [
    'item in a condition',
    after({ forEach: { in: [1] }, when: 'item > 1.0' }),
    '#/steps/1/when',
    /reads item/,
  ],
  ['item in the output', { ...after({}), output: '${item}' }, '#/output', /outside of forEach/],
  [
    'an unknown step in the output',
    { ...after({}), output: ['${c}'] },
    '#/output',
    /unknown step c/,
  ],
  [
    'a reference that is none',
    after({ input: { x: '${page.text' } }),
    '#/steps/1/input',
    /no reference/,
  ],
  [
    'a call in a reference',
    after({ input: { x: '${page.text()}' } }),
    '#/steps/1/input',
    /no reference/,
  ],
  [
    'a list that is no reference',
    after({ forEach: { in: '${page.links' } }),
    '#/steps/1/forEach/in',
    /no reference/,
  ],
  [
    'a text as list',
    after({ forEach: { in: 'x ${page.links}' } }),
    '#/steps/1/forEach/in',
    /list or one reference/,
  ],
  [
    'an object as list',
    after({ forEach: { in: {} } }),
    '#/steps/1/forEach/in',
    /list or one reference/,
  ],
  [
    'a list of another type',
    after({ forEach: { in: '${page.text}' } }),
    '#/steps/1/forEach/in',
    /must be a list/,
  ],
  [
    'too many items',
    after({ forEach: { in: Array.from({ length: 1001 }, () => 1) } }),
    '#/steps/1/forEach/in',
    /at most 1000/,
  ],
  [
    'concurrency 33',
    after({ forEach: { in: [], concurrency: 33 } }),
    '#/steps/1/forEach/concurrency',
    /<= 32/,
  ],
  [
    'concurrency 0',
    after({ forEach: { in: [], concurrency: 0 } }),
    '#/steps/1/forEach/concurrency',
    />= 1/,
  ],
  ['a condition that is no CEL', after({ when: 'page.status ==' }), '#/steps/1/when', /condition/],
  [
    'loops in a condition',
    after({ when: 'page.links.all(x, page.links.all(y, x == y))' }),
    '#/steps/1/when',
    /nest/,
  ],
  [
    'an unknown step in a condition',
    after({ when: 'pag.ok' }),
    '#/steps/1/when',
    /unknown step pag/,
  ],
  [
    'a property the output never has',
    after({ input: { x: '${page.txt}' } }),
    '#/steps/1/input',
    /page never returns/,
  ],
  [
    'a property of a text',
    after({ input: { x: '${page.text.length}' } }),
    '#/steps/1/input',
    /never returns/,
  ],
  [
    'an index of an object',
    after({ input: { x: '${page[0]}' } }),
    '#/steps/1/input',
    /never returns/,
  ],
  [
    'a name of a mapped step',
    {
      version: 1,
      steps: [
        aStep({ key: 'page', skill: 'fetch', forEach: { in: ['u'] } }),
        aStep({ key: 'b', input: { x: '${page.text}' } }),
      ],
    },
    '#/steps/1/input',
    /never returns/,
  ],
  [
    'an integer for a text',
    after({ skill: 'count', input: { text: '${page.status}' } }),
    '#/steps/1/input/text',
    /integer where string/,
  ],
  [
    'a list for a text',
    after({ skill: 'count', input: { text: '${page.links}' } }),
    '#/steps/1/input/text',
    /array where string/,
  ],
  [
    'a text with a reference for an integer',
    after({ skill: 'count', input: { text: 'x', limit: '1${page.status}' } }),
    '#/steps/1/input/limit',
    /string where integer/,
  ],
  [
    'a literal of another type',
    after({ skill: 'count', input: { text: 1 } }),
    '#/steps/1/input/text',
    /must be string/,
  ],
  [
    'a literal out of bounds beside a reference',
    after({ skill: 'count', input: { text: '${page.text}', limit: 0 } }),
    '#/steps/1/input/limit',
    />= 1/,
  ],
  [
    'a property name with a slash',
    after({ skill: 'count', input: { text: '${page.text}', 'a/b': '${page.status}' } }),
    '#/steps/1/input/a~1b',
    /integer where string/,
  ],
  [
    'a missing input',
    after({ skill: 'count', input: {} }),
    '#/steps/1/input',
    /lacks the field "text"/,
  ],
  [
    'a missing input beside a reference',
    after({ skill: 'count', input: { limit: '${page.status}' } }),
    '#/steps/1/input',
    /lacks the field "text"/,
  ],
  [
    'an unknown input',
    after({ skill: 'count', input: { text: 'x', txt: 1 } }),
    '#/steps/1/input',
    /unknown field "txt"/,
  ],
  [
    'an unknown input beside a reference',
    after({ skill: 'count', input: { text: '${page.text}', txt: 1 } }),
    '#/steps/1/input',
    /unknown field "txt"/,
  ],
  [
    'a time limit above the maximum of the skill',
    aPlan({ skill: 'fetch', timeoutMs: 5_001 }),
    '#/steps/0/timeoutMs',
    /above 5000/,
  ],
  ['a time limit of nothing', after({ timeoutMs: 0 }), '#/steps/1/timeoutMs', />= 100/],
  ['11 attempts', after({ retry: { attempts: 11 } }), '#/steps/1/retry/attempts', /<= 10/],
  [
    'a fallback to null',
    after({ onError: { use: null } }),
    '#/steps/1/onError/use',
    /must NOT be valid/,
  ],
  [
    'an approval without a reason',
    after({ approval: { reason: '' } }),
    '#/steps/1/approval/reason',
    /fewer than 1/,
  ],
  [
    'a cycle by references',
    {
      version: 1,
      steps: [
        aStep({ input: { x: '${c}' } }),
        aStep({ key: 'b', input: { x: '${a}' } }),
        aStep({ key: 'c', when: 'b.ok' }),
      ],
    },
    '#/steps',
    /cycle: a -> c -> b -> a/,
  ],
  [
    'a cycle by after',
    aPlan({ after: ['b'] }, { key: 'b', after: ['a'] }),
    '#/steps',
    /cycle: a -> b -> a/,
  ],
  ['itself as predecessor', aPlan({ after: ['a'] }), '#/steps', /cycle: a -> a/],
  ['itself as condition', aPlan({ when: 'a.ok' }), '#/steps', /cycle: a -> a/],
  ['too many bytes', after({ input: { x: 'y'.repeat(256 * 1024) } }), '#', /bytes; at most 262144/],
  ['too many levels', after({ input: { x: deep(100_000) } }), '#', /deeper than 64 levels/],
];

for (const [what, plan, pointer, detail, more] of bad) {
  test(`a plan with ${what} is refused at ${pointer}`, () => {
    const problems = inspectPlan(plan, { ...inspection, ...more });
    const found = problems.find(
      (problem) => problem.pointer === pointer && detail.test(problem.detail),
    );
    assert.ok(found, JSON.stringify(problems));
    assert.throws(() => checkedPlan(plan, { ...inspection, ...more }), {
      code: 'plan_invalid',
      problems,
    });
  });
}

test('every problem of a plan is told at once, up to 50', () => {
  const plan = {
    version: 1,
    steps: [aStep({ skill: 'x' }), aStep({ input: { a: '${q}', b: '${r}' } })],
  };
  assert.deepEqual(
    inspectPlan(plan, inspection).map(({ pointer }) => pointer),
    ['#/steps/1/key', '#/steps/0/skill', '#/steps/1/input', '#/steps/1/input'],
  );
  const many = aPlan({ input: { x: '${q}'.repeat(50_000) } });
  assert.equal(inspectPlan(many, inspection).length, 50);
});

const long = (count: number): Plan =>
  aPlan(
    ...Array.from({ length: count }, (_, at) => ({
      key: `s${at}`,
      input:
        at === 0
          ? {}
          : {
              before: `\${s${at - 1}.x}`,
              list: ['${input.a}', `and \${s${Math.floor(at / 2)}.y}`],
            },
      when: `input.go == ${at}.0`,
    })).toReversed(),
  );

test('200 steps are inspected in far less than a request takes', () => {
  const plan = long(PLAN_STEPS_MAX);
  assert.deepEqual(inspectPlan(plan, inspection), []);
  const times = Array.from({ length: 20 }, () => {
    const begun = performance.now();
    inspectPlan(plan, inspection);
    return performance.now() - begun;
  });
  assert.ok(Math.min(...times) < 100, `${times.join(' ')} ms`);
});

test('10,000 steps are refused without being looked at one by one', () => {
  const begun = performance.now();
  const [problem, ...rest] = inspectPlan(long(10_000), inspection);
  assert.equal(problem?.pointer, '#/steps');
  assert.ok(rest.length < 20 && performance.now() - begun < 1_000);
});
