import assert from 'node:assert/strict';
import { test } from 'node:test';

import { summarize } from './extractive-summary.ts';
import { outline } from './outline.ts';
import { sentencesOf } from './sentences.ts';
import { summarizeOffline } from './summarize-offline.ts';

const PROSE = `
Home
About us
Rivers carry water from the mountains to the sea. The water of rivers drives mills and turbines.
Dr. Smith measured the rivers of the valley for ten years. His cat is called Otto.
In spring the rivers rise, because the snow of the mountains melts. Copyright 2020 by the river office.
The rivers of the valley rise in spring, when the snow of the mountains melts.
Mills along the rivers were driven by water until turbines replaced them.`;

test('sentences end at full stops, not at abbreviations; labels are left out', () => {
  assert.deepEqual(
    sentencesOf('Menu\nDr. Smith met J. Doe, e.g. at noon. He left by the door!\nMenu'),
    ['Dr. Smith met J. Doe, e.g. at noon.', 'He left by the door!'],
  );
  assert.deepEqual(sentencesOf('One\nTwo\nOne'), ['One', 'Two']);
  assert.deepEqual(sentencesOf('今日は雨です。明日は晴れです。'), [
    '今日は雨です。',
    '明日は晴れです。',
  ]);
  assert.deepEqual(sentencesOf(''), []);
});

test('a summary is made of central sentences, in their order, without repeating', () => {
  const { text: summary } = summarize(PROSE, 3);
  const sentences = sentencesOf(summary);
  assert.equal(sentences.length, 3);
  assert.match(summary, /^Rivers carry water/);
  assert.ok(!/Otto|Copyright|Home/.test(summary), summary);
  assert.ok((summary.match(/snow of the mountains melts/g) ?? []).length <= 1, summary);
  assert.equal(summary, summarize(PROSE, 3).text);
});

test('a short text is its own summary', () => {
  assert.deepEqual(summarize('Only one sentence is here.', 3), {
    text: 'Only one sentence is here.',
    partial: false,
  });
  assert.equal(summarize('', 3).text, '');
});

test('a long text takes bounded time, and is told to be read in part', () => {
  const long = Array.from(
    { length: 20_000 },
    (_, i) => `Sentence number ${i} speaks of thing ${i % 97} and of other things ${i % 31}.`,
  ).join(' ');
  const start = performance.now();
  assert.equal(summarize(long, 5).partial, true);
  assert.ok(performance.now() - start < 5000);
});

const heading = (level: number, text: string) => ({ level, text });

test('an outline names headings below each other', () => {
  assert.equal(outline([], 'heading'), 'There are no headings.');
  assert.equal(outline([heading(1, 'Example')], 'heading'), 'There is one heading: “Example”.');
  assert.equal(
    outline([heading(1, 'A'), heading(1, 'B'), heading(1, 'C')], 'heading'),
    'There are 3 headings: “A”, “B” and “C”.',
  );
  assert.equal(
    outline(
      [heading(2, 'A'), heading(3, 'a'), heading(4, 'α'), heading(1, 'B'), heading(1, 'C')],
      'heading',
    ),
    'There are 5 headings: “A” (“a” (“α”)); “B”; and “C”.',
  );
});

test('a long outline keeps the highest levels and counts the rest', () => {
  const items = Array.from({ length: 200 }, (_, i) => ({
    level: i % 10 === 0 ? 1 : 3,
    text: `H${i}`,
  }));
  const told = outline(items, 'heading');
  assert.match(told, /^There are 200 headings: “H0”/);
  assert.match(told, /“H110”/);
  assert.doesNotMatch(told, /“H1”/);
  assert.match(told, /and 188 more\.$/);
});

const sum = (input?: never, prompt = 'Summarize'): string => summarizeOffline(prompt, input).text;

test('data of every shape gives a sentence', () => {
  assert.equal(sum(['A', 'B'] as never), 'There are 2 items: “A” and “B”.');
  assert.equal(
    sum(['A', 'B'] as never, 'Summarize the headings'),
    'There are 2 headings: “A” and “B”.',
  );
  assert.equal(sum([] as never, 'Summarize these headings'), 'There are no headings.');
  assert.equal(sum('["A","B"]' as never), 'There are 2 items: “A” and “B”.');
  assert.equal(sum('' as never), 'There is no text to summarize.');
  assert.equal(sum(null as never), 'There is no text to summarize.');
  assert.equal(sum({} as never), 'There is no text to summarize.');
  assert.equal(sum([{ a: 'x' }, { a: 'y' }] as never), 'There are 2 items: “x” and “y”.');
  assert.equal(
    sum({
      title: 'T',
      headings: [{ level: 1, text: 'H' }],
      text: 'A first long sentence is here.',
    } as never),
    'The title is “T”. There is one heading: “H”. A first long sentence is here.',
  );
  assert.match(sum([PROSE, PROSE] as never), /^Rivers carry water/);
  assert.match(sum(undefined, PROSE), /^Rivers carry water/);
});
