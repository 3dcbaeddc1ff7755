import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fingerprintOf, type FailureFacts } from './fingerprint.ts';

const step = { key: 'fetch', skill: 'http_request', version: '1.2.0' };
const of = (facts: Partial<FailureFacts>) =>
  fingerprintOf({ code: 'target_failed', detail: 'The host answered 500.', step, ...facts });

/** What differs, and what is left of both. */
const folded: readonly (readonly [string, string, string])[] = [
  ['It answered 500.', 'It answered 503.', 'It answered <n>.'],
  ['1,234.5 ms passed', '7 ms passed', '<n> ms passed'],
  ['GET https://a.org/x?id=1 failed', 'GET http://b.net failed', 'GET <url> failed'],
  [
    'No run_019aaf3c-1111-7222-8333-444455556666',
    'No run_019aaf3c-9999-7222-8333-444455556666',
    'No <id>',
  ],
  ['No file "a.txt" there', 'No file "b \\" c" there', 'No file "…" there'],
  ["No column 'a'", "No column 'bb'", 'No column "…"'],
  ['No `a` here', 'No `b` here', 'No "…" here'],
  ['At 2026-01-02T03:04:05.678Z it ended', 'At 2025-12-31 it ended', 'At <time> it ended'],
  ['No way to 10.0.0.1:80', 'No way to 192.168.1.255', 'No way to <address>'],
  ['Commit deadbeef01 is bad', 'Commit 0123456789abcdef is bad', 'Commit <id> is bad'],
  ['Tell ann@example.org', 'Tell bob.b+c@mail.example.net', 'Tell <email>'],
  ['One\n\ttwo', 'One two ', 'One two'],
];
for (const [one, other, message] of folded) {
  test(`${JSON.stringify(one)} and ${JSON.stringify(other)} are one case`, () => {
    assert.equal(of({ detail: one }).message, message);
    assert.deepEqual(of({ detail: one }), of({ detail: other }));
  });
}

test('items of one step, and minor versions of its skill, are one case', () => {
  const base = of({}).fingerprint;
  assert.match(base, /^[0-9a-f]{24}$/);
  assert.equal(of({ step: { ...step, key: 'fetch[17]' } }).fingerprint, base);
  assert.equal(of({ step: { ...step, version: '1.9.3' } }).fingerprint, base);
});

test('another code, skill, major version, step or meaning is another case', () => {
  const others: Partial<FailureFacts>[] = [
    {},
    { code: 'target_refused' },
    { detail: 'The host refused.' },
    { step: { ...step, skill: 'llm_invoke' } },
    { step: { ...step, version: '2.0.0' } },
    { step: { ...step, key: 'again' } },
  ];
  const { step: _step, ...none } = {
    code: 'target_failed',
    detail: 'The host answered 500.',
    step,
  } as const;
  const prints = [...others.map(of), fingerprintOf(none)].map(({ fingerprint }) => fingerprint);
  assert.equal(new Set(prints).size, prints.length);
});

test("what an apostrophe follows is no quotation: don't and can't differ", () => {
  assert.notEqual(of({ detail: "don't go" }).message, of({ detail: "can't go" }).message);
  assert.equal(of({ detail: "It can't be, isn't it" }).message, "It can't be, isn't it");
});

test('a long and hostile text is folded in no time, and the words stay short', () => {
  const begun = performance.now();
  for (const text of ['a@', '"\\', "'a", '1.', '1.1.1.', 'http://', '0', 'a_', ' ', '2026-01-']) {
    assert.ok(of({ detail: text.repeat(100_000) }).message.length <= 300);
  }
  assert.ok(performance.now() - begun < 2_000);
});
