import assert from 'node:assert/strict';
import { test } from 'node:test';

import { binaryArray, type ElementType } from './binary-array.ts';
import { startTestStore } from './store.fixture.ts';
import { servers } from './worker.fixture.ts';

const cases: readonly (readonly [ElementType, string, readonly unknown[]])[] = [
  ['uuid', 'uuid', ['019aaf3c-0000-7000-8000-00000000ffff', null]],
  ['int', 'int', [0, -1, 2_147_483_647, -2_147_483_648, null]],
  ['bigint', 'bigint', [0, -1, Number.MAX_SAFE_INTEGER, null]],
  ['text', 'text', ['', 'null', '{"a", \\b}', 'zażółć 🙂', null, undefined]],
  ['bytes', 'bytea', [Buffer.alloc(0), Buffer.from([0, 255]), null]],
  ['jsonb', 'jsonb', ['null', '{"a":"\\\\ \\" {}"}', '"🙂"', null]],
  ['time', 'timestamptz', [new Date(0), new Date('2026-11-25T01:02:03.456Z'), null]],
  ['text', 'text', []],
];

for (const server of servers) {
  test(`an array sent as bytes arrives as the values it was made of (${server})`, async () => {
    await using store = await startTestStore(server);
    for (const [type, sql, values] of cases) {
      const rows = await store.owner.query<{ value: unknown }>(
        `select value from unnest($1::${sql}[]) as value`,
        [binaryArray(type, values as never[])],
      );
      const wanted = values.map((value) =>
        value == null
          ? null
          : type === 'jsonb'
            ? (JSON.parse(value as string) as unknown)
            : type === 'bigint'
              ? (value as number).toString()
              : value,
      );
      assert.deepEqual(
        rows.map(({ value }) => value),
        wanted,
        type,
      );
    }
  });
}
