import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readInteger, readTime } from './read-time.ts';

const now = Date.parse('2026-05-01T12:00:00Z');

test('a time is RFC 3339, a date, or a span from now', () => {
  assert.equal(readTime('2h', -1, now, '--since'), '2026-05-01T10:00:00.000Z');
  assert.equal(readTime('+10m', 1, now, '--start-at'), '2026-05-01T12:10:00.000Z');
  assert.equal(readTime('2026-04-30T10:00:00+02:00', 1, now, '-'), '2026-04-30T08:00:00.000Z');
  assert.equal(readTime('2026-04-30', -1, now, '-'), '2026-04-30T00:00:00.000Z');
  for (const wrong of ['', 'soon', '5', '2h30m', '2026-13-45']) {
    assert.throws(() => readTime(wrong, 1, now, '--since'), /--since needs a time/);
  }
});

test('a whole number is nothing else', () => {
  assert.equal(readInteger('-5', '--priority'), -5);
  for (const wrong of ['', '1.5', 'x', '1e99']) {
    assert.throws(() => readInteger(wrong, '--limit'), /--limit needs a whole number/);
  }
});
