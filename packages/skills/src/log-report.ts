import type { Json, JsonSchema } from '@aos/core';

import { defineSkill, type Examples, type Skill } from './base.ts';
import { htmlReport } from './report/html.ts';
import { markdownReport } from './report/markdown.ts';
import { levels, type WrittenReport } from './report/report.ts';
import { leftOut } from './report/section.ts';
import { refuseBadName, refuseTooLarge, type Workspace } from './workspace.ts';

const input = {
  type: 'object',
  required: ['title', 'sections'],
  additionalProperties: false,
  properties: {
    title: { type: 'string', minLength: 1, maxLength: 300 },
    format: { enum: ['markdown', 'html', 'json'], default: 'markdown' },
    sections: {
      type: 'array',
      minItems: 1,
      maxItems: 100,
      items: {
        type: 'object',
        required: ['heading', 'content'],
        additionalProperties: false,
        properties: {
          heading: { type: 'string', minLength: 1, maxLength: 300 },
          content: {
            description: 'Text, or any value: a list of objects becomes a table.',
          },
        },
      },
    },
    name: {
      type: 'string',
      maxLength: 10_000,
      description: 'Of the artifact; `reports/<step>.<ending>` when absent.',
    },
    level: { enum: levels, default: 'info' },
  },
} as const satisfies JsonSchema;

const output = {
  type: 'object',
  required: ['name', 'mediaType', 'bytes', 'digest', 'title'],
  additionalProperties: false,
  properties: {
    name: { type: 'string' },
    mediaType: { type: 'string' },
    bytes: { type: 'integer' },
    digest: { type: 'string' },
    title: { type: 'string' },
  },
} as const satisfies JsonSchema;

const examples: Examples<typeof input, typeof output> = [
  {
    title: 'A report with a table',
    input: {
      title: 'Headings of example.com',
      sections: [
        { heading: 'Summary', content: 'One heading was found.' },
        { heading: 'Headings', content: [{ level: 1, text: 'Example' }] },
      ],
    },
    output: {
      name: 'reports/report.md',
      mediaType: 'text/markdown; charset=utf-8',
      bytes: 120,
      digest: 'sha256:0c6b1d6e0d6a3e5a0b0f3bca4e1c9f5c3f1b0d3b1c8d9e7f6a5b4c3d2e1f0a9b',
      title: 'Headings of example.com',
    },
  },
];

const formats = {
  markdown: { ending: 'md', mediaType: 'text/markdown; charset=utf-8', write: markdownReport },
  html: { ending: 'html', mediaType: 'text/html; charset=utf-8', write: htmlReport },
  json: {
    ending: 'json',
    mediaType: 'application/json',
    write: (report: WrittenReport) => `${JSON.stringify(report, null, 2)}\n`,
  },
} as const;

export function logReport(workspace: Workspace): Skill {
  return defineSkill({
    name: 'log_report',
    version: '1.0.0',
    description:
      'Write a report with a title and sections, as Markdown, HTML or JSON, and keep it as an artifact of the run.',
    input,
    output,
    effect: 'keyed',
    permissions: ['workspace:write'],
    limits: { timeoutMs: 30_000, timeoutMaxMs: 120_000, outputBytes: 16 * 1024 },
    cost: { kind: 'free' },
    failures: [
      { code: 'path_refused', when: 'The name is not a plain relative name.' },
      {
        code: 'quota_exceeded',
        when: 'The report or the workspace of the run would be too large.',
      },
    ],
    examples,

    async run(given, { tenant, runId, stepKey, epoch }) {
      const { title, level = 'info' } = given;
      const sections = given.sections.map(({ heading, content }) => ({
        heading,
        content: content as Json,
      }));
      const { ending, mediaType, write } = formats[given.format ?? 'markdown'];
      const name = given.name ?? `reports/${stepKey.replace(/[^A-Za-z0-9_-]+/g, '-')}.${ending}`;
      refuseBadName(name);
      const content = Buffer.from(write({ title, level, sections }));
      refuseTooLarge(content);
      const written = await workspace.write(
        { tenant, runId, stepKey, epoch },
        name,
        content,
        mediaType,
      );
      // JSON has everything; the other formats cut long tables, and say so.
      const notes =
        given.format === 'json' ? [] : sections.flatMap((section) => leftOut(section) ?? []);
      return {
        output: { name, mediaType, bytes: written.bytes, digest: written.digest, title },
        notes,
      };
    },
  });
}
