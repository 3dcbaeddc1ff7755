import assert from 'node:assert/strict';
import { test } from 'node:test';

import { costOf, isFree } from './prices.ts';

const million = {
  inputTokens: 1_000_000,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
};
const now = new Date('2026-11-23');

test('a model costs by its family, dated or not, by whatever cloud it is named', () => {
  for (const model of ['claude-haiku-4-5', 'claude-haiku-4-5-20251001', 'eu.claude-haiku-4-5-v1']) {
    assert.equal(costOf(model, million, now), 1, model);
  }
  assert.equal(costOf('claude-sonnet-5-20260630', million, now), 2);
  assert.equal(costOf('claude-opus-5-5', million, now), 4);
});

test('each kind of token has its price', () => {
  const each = { inputTokens: 10, outputTokens: 10, cacheReadTokens: 10, cacheWriteTokens: 10 };
  assert.equal(costOf('claude-opus-4-8', each, now), (50 + 250 + 5 + 62.5) / 1_000_000);
});

test('a large prompt costs more where the model has such a price', () => {
  const small = { ...million, inputTokens: 60_000, cacheReadTokens: 40_000 };
  assert.ok(Math.abs(costOf('claude-haiku-5-5', small, now) - 0.0064) < 1e-12);
  const large = { ...small, cacheWriteTokens: 1 };
  assert.ok(costOf('claude-haiku-5-5', large, now) > 0.032);
});

test('an unknown model costs by the dearest row, whatever the day', () => {
  for (const model of ['claude-opus-9', 'gpt-9', '', 'claude-haiku-4-56']) {
    assert.equal(costOf(model, million, now), 10, model);
  }
  assert.equal(costOf('gpt-9', million, new Date('2020-01-01')), 10);
});

test('a day before the first row costs by the first row', () => {
  assert.equal(costOf('claude-opus-5-5', million, new Date('2020-01-01')), 4);
});

test('only a model of one’s own behind an address of one’s own is free', () => {
  for (const host of ['localhost', '127.0.0.1', '[::1]', '10.1.2.3', '172.20.0.2', 'ollama']) {
    assert.equal(isFree('qwen3', `http://${host}:11434`), true, host);
    assert.equal(isFree('claude-opus-5-5', `http://${host}:11434`), false, host);
  }
  for (const host of [
    'api.anthropic.com',
    '172.32.0.1',
    '10.evil.com',
    '8.8.8.8',
    'localhost.com',
  ]) {
    assert.equal(isFree('qwen3', `https://${host}`), false, host);
  }
});
