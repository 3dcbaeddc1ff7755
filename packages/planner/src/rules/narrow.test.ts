import assert from 'node:assert/strict';
import test from 'node:test';

import jsonata from 'jsonata';

import type { Narrow } from './clause.ts';
import { narrowExpression } from './narrow.ts';
import type { Form } from './value.ts';

const headings = [
  { level: 1, text: 'b' },
  { level: 2, text: 'a' },
  { level: 2, text: 'a' },
  { level: 3, text: 'C "quoted"' },
];
const links = [
  { text: 'one', url: 'https://a.example/docs' },
  { text: 'again', url: 'https://a.example/docs' },
  { text: 'two', url: 'https://b.example/' },
];

async function run(narrow: Narrow, form: Form, data: readonly unknown[]): Promise<unknown> {
  const { text } = narrowExpression(narrow, form);
  const result: unknown = await jsonata(text).evaluate(data);
  return JSON.parse(JSON.stringify(result));
}

async function textsOf(narrow: Narrow): Promise<string> {
  const list = (await run(narrow, 'headings', headings)) as typeof headings;
  return list.map(({ text }) => text).join(',');
}

test('each way to narrow a list leaves what is meant', async () => {
  assert.equal(await textsOf({ levels: [2] }), 'a,a');
  assert.equal(await textsOf({ levels: [1, 3] }), 'b,C "quoted"');
  assert.equal(await textsOf({ unique: true }), 'b,a,C "quoted"');
  assert.equal(await textsOf({ take: { from: 'start', count: 2 } }), 'b,a');
  assert.equal(await textsOf({ take: { from: 'end', count: 1 } }), 'C "quoted"');
  assert.equal(await textsOf({ sort: { by: 'level', descending: true } }), 'C "quoted",a,a,b');
  assert.equal(await textsOf({ contains: 'c "QUOTED"' }), 'C "quoted"');
  assert.equal(
    await textsOf({ levels: [1, 2], unique: true, sort: {}, take: { from: 'start', count: 1 } }),
    'a',
  );
});

test('links are the same when they lead to the same place', async () => {
  assert.deepEqual(await run({ unique: true }, 'links', links), [links[0], links[2]]);
});

test('a list of one or of none stays a list, whatever is asked of it', async () => {
  const every: readonly Narrow[] = [
    { unique: true },
    { sort: {} },
    { take: { from: 'start', count: 5 } },
    { take: { from: 'end', count: 5 } },
    { contains: 'e' },
  ];
  for (const narrow of every) {
    assert.deepEqual(await run(narrow, 'links', []), []);
    assert.deepEqual(await run(narrow, 'links', [links[0]]), [links[0]], JSON.stringify(narrow));
  }
  assert.deepEqual(await run({ levels: [4] }, 'headings', headings), []);
});

test('rows are sorted by any column, also one whose name is no word', async () => {
  const rows = [{ 'unit price': 3 }, { 'unit price': 1 }];
  assert.deepEqual(await run({ sort: { by: 'unit price' } }, 'rows', rows), [rows[1], rows[0]]);
});

test('the sought text is data and cannot end the expression', async () => {
  const contains = '"] ~> $eval("1")`${x}\\';
  assert.deepEqual(await run({ contains }, 'links', links), []);
});

test('rows are searched in all their columns', async () => {
  const rows = [{ name: 'Ada "the" first' }, { name: 'Bob' }];
  assert.deepEqual(await run({ contains: '"THE"' }, 'rows', rows), [rows[0]]);
});

test('what cannot be narrowed so is refused', () => {
  const refused: readonly [Narrow, Form][] = [
    [{ take: { from: 'start', count: 1 } }, 'text'],
    [{ take: { from: 'start', count: 0 } }, 'links'],
    [{ take: { from: 'start', count: 10_001 } }, 'links'],
    [{ levels: [2] }, 'links'],
    [{ sort: { by: 'date' } }, 'links'],
    [{ sort: {} }, 'rows'],
  ];
  for (const [narrow, form] of refused) {
    assert.throws(() => narrowExpression(narrow, form), { code: 'goal_not_plannable' });
  }
});
