import { AosError, type JsonSchema } from '@aos/core';

import { defineSkill, type Examples, type Skill } from './base.ts';
import { mediaTypeOf, refuseBadName, refuseTooLarge, type Workspace } from './workspace.ts';

const input = {
  type: 'object',
  required: ['name', 'content'],
  additionalProperties: false,
  properties: {
    name: {
      type: 'string',
      maxLength: 10_000,
      description: 'Such as `notes.md` or `out/table.json`.',
    },
    content: { description: 'Text as it is; any other value is written as JSON.' },
    encoding: {
      enum: ['text', 'base64'],
      default: 'text',
      description: '`base64`: the content is bytes in base64.',
    },
    mediaType: {
      type: 'string',
      maxLength: 200,
      pattern: '^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(; ?[A-Za-z0-9-]+=[A-Za-z0-9_.-]+)?$',
      description: 'By the ending of the name when absent.',
    },
  },
} as const satisfies JsonSchema;

const output = {
  type: 'object',
  required: ['name', 'mediaType', 'bytes', 'digest'],
  additionalProperties: false,
  properties: {
    name: { type: 'string' },
    mediaType: { type: 'string' },
    bytes: { type: 'integer' },
    digest: { type: 'string', description: 'SHA-256 of the content.' },
  },
} as const satisfies JsonSchema;

const examples: Examples<typeof input, typeof output> = [
  {
    title: 'Write a note',
    input: { name: 'notes.md', content: '# Notes\n' },
    output: {
      name: 'notes.md',
      mediaType: 'text/markdown; charset=utf-8',
      bytes: 8,
      digest: 'sha256:0c6b1d6e0d6a3e5a0b0f3bca4e1c9f5c3f1b0d3b1c8d9e7f6a5b4c3d2e1f0a9b',
    },
  },
];

export function systemWriteFile(workspace: Workspace): Skill {
  return defineSkill({
    name: 'system_write_file',
    version: '1.0.0',
    description:
      'Write a file into the workspace of this run, as text, JSON or bytes. It becomes an artifact of the run.',
    input,
    output,
    // The same step writes the same name again; nobody can tell the second time.
    effect: 'keyed',
    permissions: ['workspace:write'],
    limits: { timeoutMs: 30_000, timeoutMaxMs: 120_000, outputBytes: 16 * 1024 },
    cost: { kind: 'free' },
    failures: [
      { code: 'path_refused', when: 'The name is not a plain relative name.' },
      { code: 'skill_input_invalid', when: 'The encoding is base64 and the content is not.' },
      { code: 'quota_exceeded', when: 'The file or the workspace of the run would be too large.' },
    ],
    examples,

    async run({ name, content, encoding, mediaType }, { tenant, runId, stepKey, epoch }) {
      refuseBadName(name);
      const bytes = encoding === 'base64' ? bytesOf(content) : Buffer.from(textOf(content));
      refuseTooLarge(bytes);
      const type = mediaType ?? mediaTypeOf(name) ?? fallbackType(content, encoding);
      const written = await workspace.write({ tenant, runId, stepKey, epoch }, name, bytes, type);
      return { output: { name, mediaType: type, bytes: written.bytes, digest: written.digest } };
    },
  });
}

function textOf(content: unknown): string {
  return typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`;
}

function bytesOf(content: unknown): Buffer {
  const text = typeof content === 'string' ? content.replace(/\s/g, '') : '';
  const bytes = Buffer.from(text, 'base64');
  // Buffer skips what is no base64 instead of refusing it.
  const same = bytes.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '');
  if (typeof content === 'string' && same) return bytes;
  throw new AosError('skill_input_invalid', 'The content is not valid base64.');
}

function fallbackType(content: unknown, encoding: 'text' | 'base64' | undefined): string {
  if (encoding === 'base64') return 'application/octet-stream';
  return typeof content === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
}
