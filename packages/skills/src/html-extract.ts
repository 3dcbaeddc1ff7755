import { AosError, type JsonSchema } from '@aos/core';

import { defineSkill, type Examples, type Skill } from './base.ts';
import { parts, type Extracted } from './html/extract-parts.ts';
import type { Pool } from './pool.ts';

/** What `http_request` may return fits, also when it grew by decoding. */
export const HTML_CHARS_MAX = 4 * 1024 * 1024;
const EXTRACT_MS_MAX = 5000;

const input = {
  type: 'object',
  required: ['html'],
  additionalProperties: false,
  properties: {
    html: { type: 'string', maxLength: HTML_CHARS_MAX, description: 'The source of the page.' },
    contentType: {
      type: 'string',
      maxLength: 300,
      description: 'As the server sent it; anything but HTML is refused.',
    },
    baseUrl: { type: 'string', maxLength: 8192, description: 'Where the page came from.' },
    extract: {
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: { enum: parts },
      description: 'Which parts to return; all when absent.',
    },
    selector: {
      type: 'string',
      minLength: 1,
      maxLength: 500,
      description: 'CSS selector: only what stands inside of its matches.',
    },
  },
} as const satisfies JsonSchema;

const strings = { type: 'array', items: { type: 'string' } } as const;

const output = {
  type: 'object',
  required: ['language'],
  additionalProperties: false,
  properties: {
    title: { type: 'string' },
    headings: {
      type: 'array',
      description: 'In the order of the page.',
      items: {
        type: 'object',
        required: ['level', 'text'],
        additionalProperties: false,
        properties: { level: { type: 'integer' }, text: { type: 'string' } },
      },
    },
    links: {
      type: 'array',
      items: {
        type: 'object',
        required: ['text', 'url'],
        additionalProperties: false,
        properties: { text: { type: 'string' }, url: { type: 'string' } },
      },
    },
    tables: {
      type: 'array',
      items: {
        type: 'object',
        required: ['caption', 'headers', 'rows'],
        additionalProperties: false,
        properties: {
          caption: { type: 'string' },
          headers: strings,
          rows: { type: 'array', items: strings },
        },
      },
    },
    text: { type: 'string', description: 'One line for each block.' },
    meta: { type: 'object', additionalProperties: { type: 'string' } },
    language: { type: 'string', description: 'Of the page by its own word, or "".' },
  },
} as const satisfies JsonSchema;

const examples: Examples<typeof input, typeof output> = [
  {
    title: 'The headings of a page',
    input: {
      html: '<html lang="en"><h1>Weather</h1><h2>Today &amp; tomorrow</h2></html>',
      extract: ['headings'],
    },
    output: {
      headings: [
        { level: 1, text: 'Weather' },
        { level: 2, text: 'Today & tomorrow' },
      ],
      language: 'en',
    },
  },
];

export function htmlExtract(pool: Pool): Skill {
  return defineSkill({
    name: 'html_extract',
    version: '1.0.0',
    description:
      'Extract headings, links, tables, plain text, title and metadata from HTML, as a reader of the page sees them.',
    input,
    output,
    effect: 'pure',
    permissions: [],
    limits: { timeoutMs: 30_000, timeoutMaxMs: 60_000, outputBytes: 4 * 1024 * 1024 },
    cost: { kind: 'free' },
    failures: [
      { code: 'not_html', when: 'The content type is not HTML, or the text has no tags.' },
      { code: 'skill_input_invalid', when: 'The selector is not valid CSS.' },
      { code: 'transform_stopped', when: 'The page takes more than 5 s or 256 MB to read.' },
    ],
    examples,

    async run({ contentType, ...page }, { signal }) {
      refuseOther(page.html, contentType);
      const extracted = await pool.run(
        {
          file: new URL('./html-extract.task.ts', import.meta.url),
          input: page,
          timeMs: EXTRACT_MS_MAX,
          subject: 'The page',
        },
        signal,
      );
      return extracted as unknown as { output: Extracted; notes: string[] };
    },
  });
}

function refuseOther(html: string, contentType: string | undefined): void {
  const [type = ''] = (contentType ?? '').toLowerCase().split(';', 1);
  if (type.trim() !== '' && !/^(text\/html|application\/xhtml\+xml)$/.test(type.trim())) {
    throw new AosError('not_html', `The document is ${type.trim()}, not HTML.`);
  }
  if (!/<(?:!doctype|[a-z][a-z0-9-]*)(?:[\s/>]|$)/i.test(html)) {
    throw new AosError('not_html', 'The document has no HTML tags.');
  }
  // XML that says so, without contentType to tell: feeds and drawings have tags too.
  if (/^\s*<\?xml/.test(html) && !/<html[\s>]/i.test(html)) {
    throw new AosError('not_html', 'The document is XML, not HTML.');
  }
}
