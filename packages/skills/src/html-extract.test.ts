import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import type { Extracted } from './html/extract-parts.ts';
import { htmlExtract } from './html-extract.ts';
import { createPool } from './pool.ts';
import { attempt, failureOf, outputOf } from './testing.ts';

const pool = createPool();
after(() => pool[Symbol.asyncDispose]());
const skill = htmlExtract(pool);

const extract = (html: string, more: object = {}): Promise<Extracted> =>
  outputOf<Extracted>(skill, { html, ...more });
const headings = async (html: string): Promise<string[]> =>
  ((await extract(html, { extract: ['headings'] })).headings ?? []).map(
    ({ level, text }) => `${level} ${text}`,
  );

test('headings come in the order of the page, with entities and spaces as shown', async () => {
  assert.deepEqual(
    await headings(`
      <h2>First &amp;  <em>fore</em>most</h2>
      <div><h1>
        Main&nbsp;title &lt;1&gt; &#x1F600; &eacute;
      </h1></div>
      <h6>Six<br>lines</h6><H3 class=x>Upper</H3>
      <div role="heading" aria-level="4">By role</div>`),
    ['2 First & foremost', '1 Main title <1> 😀 é', '6 Six lines', '3 Upper', '4 By role'],
  );
});

test('what nobody sees is no part of a heading', async () => {
  assert.deepEqual(
    await headings(`
      <h1>Seen<script>x()</script><style>y</style><template>z</template><noscript>n</noscript></h1>
      <h2 hidden>Hidden</h2><div style="color:red; display : none"><h2>Nor this</h2></div>
      <h2><span style="visibility:hidden">no</span>Soft&shy;hyphen&#8203;ed</h2>
      <template><h2>Template</h2></template><dialog><h2>Closed</h2></dialog>
      <!-- <h2>Comment</h2> --><h2>  </h2><h2 role="presentation">Not one</h2>
      <svg><title>Drawing</title></svg>`),
    ['1 Seen', '2 Softhyphened'],
  );
});

test('signs that link to a heading are left out, signs that are its text are kept', async () => {
  assert.deepEqual(
    await headings(`
      <h2>Install<a class="headerlink" href="#install" title="Permalink">¶</a></h2>
      <h2><a class="anchor" aria-hidden="true" href="#use"><svg></svg></a>Use</h2>
      <h2><a href="/docs#api">#</a> API</h2>
      <h2><a href="#whole">The whole heading is a link</a></h2>
      <h2>C# and F#</h2>
      <h3><button>Fold me</button></h3><h3>Name <button>Copy</button></h3>
      <h1><img src=l.png alt="The Logo"></h1>`),
    [
      '2 Install',
      '2 Use',
      '2 API',
      '2 The whole heading is a link',
      '2 C# and F#',
      '3 Fold me',
      '3 Name',
      '1 The Logo',
    ],
  );
});

test('broken HTML is read as a browser reads it', async () => {
  assert.deepEqual(await headings('<h1>One<h2>Two</h1><p>x<h3>Three'), [
    '1 One',
    '2 Two',
    '3 Three',
  ]);
  assert.deepEqual(await headings('<title>a</title><h1 title=">">Quoted'), ['1 Quoted']);
});

test('links are absolute, named, and run no code', async () => {
  const html = `<base href="/docs/"><a href="a?x=1&amp;y=2"> A  page </a>
    <a href="//cdn.example/x">B</a><a href="javascript:alert(1)">no</a><a href="data:text/html,x">no</a>
    <a href="mailto:x@y.example">Mail</a><a href="../up"><img alt="Picture"></a><a>no target</a>
    <a href=" jAvAsCrIpT:x ">no</a><area href="map" alt="Region">`;
  const { links } = await extract(html, {
    baseUrl: 'https://x.example/deep/page.html',
    extract: ['links'],
  });
  assert.deepEqual(links, [
    { text: 'A page', url: 'https://x.example/docs/a?x=1&y=2' },
    { text: 'B', url: 'https://cdn.example/x' },
    { text: 'Mail', url: 'mailto:x@y.example' },
    { text: 'Picture', url: 'https://x.example/up' },
    { text: 'Region', url: 'https://x.example/docs/map' },
  ]);
  const alone = await extract('<a href="x.html">X</a><a href="https://y.example">Y</a>');
  assert.deepEqual(alone.links, [
    { text: 'X', url: 'x.html' },
    { text: 'Y', url: 'https://y.example/' },
  ]);
});

test('tables line up with their headers, spans filled in', async () => {
  const { tables } = await extract(
    `<table><caption>Prices</caption><thead><tr><th>Item<th>Size<th>Price</thead>
     <tr><td rowspan=2>Tea<td>small<td>1</tr><tr><td>large<td>2</tr>
     <tr><th>Sum<td colspan=2>3 <table><tr><td>inner</table></tr></table>
     <table role="presentation"><tr><td>layout</table><table></table>`,
    { extract: ['tables'] },
  );
  assert.deepEqual(tables, [
    {
      caption: 'Prices',
      headers: ['Item', 'Size', 'Price'],
      rows: [
        ['Tea', 'small', '1'],
        ['Tea', 'large', '2'],
        ['Sum', '3 inner', '3 inner'],
      ],
    },
    { caption: '', headers: [], rows: [['inner']] },
  ]);
});

test('text has a line for each block', async () => {
  const { text } = await extract(
    `<head><title>No</title></head><p>One  two<b> three</b></p><ul><li>a<li>b</ul>x<br>y
     <pre>  code\n    more</pre><script>no()</script><textarea>no</textarea>`,
    { extract: ['text'] },
  );
  assert.equal(text, 'One two three\na\nb\nx\ny\ncode\nmore');
});

test('title, language and metadata', async () => {
  const page = await extract(
    `<html lang="de-AT"><title> A &amp; B\n</title><meta name="Description" content="About  it">
     <meta property="og:title" content="OG"><meta name="description" content="second">
     <meta name="__proto__" content="x"><meta charset="utf-8"><body><svg><title>no</title></svg>`,
  );
  assert.equal(page.title, 'A & B');
  assert.equal(page.language, 'de-AT');
  assert.equal(
    JSON.stringify(page.meta),
    '{"description":"About it","og:title":"OG","__proto__":"x"}',
  );
});

test('only what is asked for is returned, and that always', async () => {
  assert.deepEqual(Object.keys(await extract('<p>x</p>')).toSorted(), [
    'headings',
    'language',
    'links',
    'meta',
    'tables',
    'text',
    'title',
  ]);
  assert.deepEqual(await extract('<p>x</p>', { extract: ['headings', 'title'] }), {
    headings: [],
    title: '',
    language: '',
  });
});

test('a selector narrows it down', async () => {
  const html = '<h1>Out</h1><main><h2>In</h2><section><h3>Deep</h3></section></main>';
  const inside = await extract(html, { selector: 'main, section', extract: ['headings'] });
  assert.deepEqual(inside.headings, [
    { level: 2, text: 'In' },
    { level: 3, text: 'Deep' },
  ]);
  const none = await attempt(skill, { html, selector: '.nothing', extract: ['headings', 'text'] });
  assert.ok(none.outcome === 'completed');
  assert.deepEqual(none.notes, ['Nothing in the page matches the selector.']);
  assert.match(await failureOf(skill, { html, selector: 'h1[' }), /^failed skill_input_invalid: /);
});

test('what is not HTML is refused', async () => {
  for (const input of [
    { html: '{"a": "<b>x</b>"}', contentType: 'application/json' },
    { html: '<svg></svg>', contentType: 'image/svg+xml; charset=utf-8' },
    { html: 'plain text, 1 < 2 and 3 > 2' },
    { html: '' },
    { html: '%PDF-1.7 …' },
    { html: '<?xml version="1.0"?><rss><title>x</title></rss>' },
  ]) {
    assert.match(await failureOf(skill, input), /^failed not_html: /, JSON.stringify(input));
  }
  assert.ok(await extract('<h1>x', { contentType: 'Text/HTML; charset=x' }));
  assert.ok(await extract('<?xml version="1.0"?><html><h1>x</h1></html>'));
});

test('a page made to be slow is stopped, and harms nobody', { timeout: 60_000 }, async () => {
  const hostile = [
    `<h1>x</h1>${'<div>'.repeat(200_000)}`,
    `<h1>x</h1>${'<a href=x><b>'.repeat(100_000)}`,
    `<table>${'<tr><td colspan=1000 rowspan=65534>'.repeat(5000)}`,
  ];
  for (const html of hostile) {
    const result = await attempt(skill, { html });
    assert.ok(
      result.outcome === 'completed' || result.failure.code === 'transform_stopped',
      JSON.stringify(result).slice(0, 300),
    );
  }
  assert.deepEqual(await headings('<h1>Still here</h1>'), ['1 Still here']);
});

test('long lists are cut, and say so', async () => {
  const result = await attempt(skill, { html: '<a href=x>y</a>'.repeat(5001), extract: ['links'] });
  assert.ok(result.outcome === 'completed');
  assert.deepEqual(result.notes, ['Only the first 5000 of 5001 links were taken.']);
});
