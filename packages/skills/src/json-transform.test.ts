import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { jsonTransform } from './json-transform.ts';
import { createPool } from './pool.ts';
import { attempt, failureOf, outputOf } from './testing.ts';

const pool = createPool();
after(() => pool[Symbol.asyncDispose]());
const skill = jsonTransform(pool);

const transform = async (data: unknown, expression: string): Promise<unknown> =>
  (await outputOf<{ result: unknown }>(skill, { data, expression })).result;

test('expressions reshape, sum, group and sort', async () => {
  const data = {
    orders: [
      { customer: 'ada', price: 3, items: ['x', 'y'] },
      { customer: 'bob', price: 5, items: [] },
      { customer: 'ada', price: 4, items: ['z'] },
    ],
  };
  assert.equal(await transform(data, '$sum(orders.price)'), 12);
  assert.deepEqual(await transform(data, 'orders{customer: $sum(price)}'), { ada: 7, bob: 5 });
  assert.deepEqual(await transform(data, 'orders^(>price).customer'), ['bob', 'ada', 'ada']);
  assert.deepEqual(await transform(data, 'orders[price > 3].{"who": customer}'), [
    { who: 'bob' },
    { who: 'ada' },
  ]);
  assert.deepEqual(await transform([1, 2, 3], '$map($, function($n) {$n * 2})'), [2, 4, 6]);
});

test('the same input gives the same bytes', async () => {
  const ask = { data: { b: 1, a: [3, 1, 2] }, expression: '{"x": $sort(a), "y": $keys($)}' };
  assert.equal(
    JSON.stringify(await outputOf(skill, ask)),
    JSON.stringify(await outputOf(skill, ask)),
  );
});

test('an expression that finds nothing gives null, and a note', async () => {
  const result = await attempt(skill, { data: {}, expression: 'nothing.here' });
  assert.ok(result.outcome === 'completed');
  assert.deepEqual(JSON.parse(JSON.stringify(result.output)), { result: null });
  assert.equal(result.notes?.length, 1);
});

test('wrong expressions say where', async () => {
  assert.match(
    await failureOf(skill, { data: {}, expression: '{"a": ' }),
    /^failed transform_failed: .*character/,
  );
  assert.match(
    await failureOf(skill, { data: {}, expression: '$nosuch(1)' }),
    /^failed transform_failed: /,
  );
  assert.match(
    await failureOf(skill, { data: { a: 'x' }, expression: 'a + 1' }),
    /^failed transform_failed: /,
  );
});

test('what depends on time or chance, or runs data as code, is not available', async () => {
  for (const expression of [
    '$now()',
    '$millis()',
    '$random()',
    '$shuffle([1,2])',
    '$eval("1+1")',
  ]) {
    assert.match(
      await failureOf(skill, { data: {}, expression }),
      /^failed transform_failed: The function \$\w+ is not available/,
      expression,
    );
  }
});

test(
  'expressions that never end, or take all memory, are stopped',
  { timeout: 120_000 },
  async () => {
    for (const expression of [
      '($f := function($x){$f($x+1)}; $f(1))',
      '($f := function($x){1 + $f($x+1)}; $f(1))',
      '[1..9999999]',
      '$count([1..4000].([1..4000].$))',
      '$match(s, /^(a+)+$/)',
      '($f := function($s){$f($s & $s)}; $f("xxxxxxxxxxxxxxxx"))',
      '$reduce([1..1000000], function($a, $b){$append($a, [$a, $b])})',
    ]) {
      const started = performance.now();
      assert.match(
        await failureOf(skill, { data: { s: `${'a'.repeat(40)}!` }, expression }),
        /^failed (transform_stopped|output_too_large|transform_failed): /,
        expression,
      );
      assert.ok(performance.now() - started < 15_000, expression);
    }
    assert.equal(await transform(1, '$ + 1'), 2);
  },
);

test('names of prototypes are data, in and out', async () => {
  const data = JSON.parse(
    '{"__proto__":{"admin":true},"constructor":{"prototype":{"x":1}},"toString":"t","then":"p","hasOwnProperty":"h"}',
  ) as unknown;
  const { result } = await outputOf<{ result: object }>(skill, { data, expression: '$' });
  assert.equal(JSON.stringify(result), JSON.stringify(data));
  assert.equal(await transform(data, 'toString & then & hasOwnProperty'), 'tph');
  for (const expression of [
    'constructor.constructor("return process")()',
    '$.toString.constructor',
    '$string.constructor',
    '"".constructor',
    '$lookup($, "valueOf")',
    '__proto__.polluted',
    '{"__proto__": {"polluted": true}}.polluted',
    '$merge([{"__proto__": {"polluted": true}}, {"a": 1}]).polluted',
    '$ ~> |$|{"__proto__": {"polluted": 1}}|',
  ]) {
    const answer = await attempt(skill, { data: { a: 1 }, expression });
    const text = JSON.stringify(answer);
    assert.ok(
      !text.includes('function') || answer.outcome !== 'completed',
      `${expression}: ${text}`,
    );
    assert.ok(!text.includes('process.'), text);
  }
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
});

test('a patch is applied, whole or not at all', async () => {
  const patch = [
    { op: 'test', path: '/a', value: 1 },
    { op: 'replace', path: '/a', value: 2 },
    { op: 'add', path: '/list/-', value: 'c' },
  ];
  assert.deepEqual(await outputOf(skill, { data: { a: 1, list: ['b'] }, patch }), {
    result: { a: 2, list: ['b', 'c'] },
  });
  assert.match(
    await failureOf(skill, { data: { a: 0, list: [] }, patch }),
    /^failed transform_failed: Operation 0 \(test "\/a"\)/,
  );
});

test('the result is checked against a schema', async () => {
  const schema = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };
  assert.deepEqual(await outputOf(skill, { data: 1, expression: '{"n": $}', schema }), {
    result: { n: 1 },
  });
  const wrong = await attempt(skill, { data: 'x', expression: '{"n": $}', schema });
  assert.ok(wrong.outcome === 'failed');
  assert.equal(wrong.failure.code, 'transform_failed');
  assert.equal(wrong.failure.problems?.[0]?.pointer, '#/n');
  assert.match(
    await failureOf(skill, { data: 1, expression: '$', schema: { type: 'nope' } }),
    /^failed skill_input_invalid/,
  );
  assert.match(
    await failureOf(skill, {
      data: `${'a'.repeat(40)}!`,
      expression: '$',
      schema: { type: 'string', pattern: '^(a+)+$' },
    }),
    /^failed transform_stopped/,
  );
});

test('exactly one of expression and patch', async () => {
  assert.match(await failureOf(skill, { data: 1 }), /^failed skill_input_invalid/);
  assert.match(
    await failureOf(skill, { data: 1, expression: '$', patch: [] }),
    /^failed skill_input_invalid/,
  );
});

test('a result beyond the limit is refused', async () => {
  assert.match(
    await failureOf(skill, { data: 'x'.repeat(1_500_000), expression: '[$, $]' }),
    /^failed output_too_large/,
  );
});
