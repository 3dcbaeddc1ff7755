import assert from 'node:assert/strict';
import { test } from 'node:test';

import { matcherWords, readMatcher } from './read-matcher.ts';

test('a matcher is read and written in its four forms', () => {
  const forms = ['a="b"', 'a!="b"', 'a=~"b|c"', 'a!~"b.*"', 'a="b = c"', 'a=""'];
  for (const form of forms) assert.equal(matcherWords(readMatcher(form)), form);
  assert.deepEqual(readMatcher('skill=~http_.*'), {
    name: 'skill',
    value: 'http_.*',
    isRegex: true,
    isEqual: true,
  });
});

test('what is no matcher is refused', () => {
  for (const text of ['', 'a', '=b', 'a b=c', '1a=b', 'a-b=c']) {
    assert.throws(() => readMatcher(text), /--matcher needs a label and a value/);
  }
});
