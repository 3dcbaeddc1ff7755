import { AosError, type JsonSchema } from '@aos/core';

import { defineSkill, type Examples, type Skill } from './base.ts';
import { refuseBadName, type Workspace } from './workspace.ts';

const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;

const input = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: {
    name: {
      type: 'string',
      maxLength: 10_000,
      description: 'Such as `notes.md` or `out/table.json`.',
    },
    encoding: {
      enum: ['text', 'base64'],
      description: 'How to return the content; by what it is when absent.',
    },
  },
} as const satisfies JsonSchema;

const output = {
  type: 'object',
  required: ['name', 'mediaType', 'bytes', 'digest'],
  additionalProperties: false,
  properties: {
    name: { type: 'string' },
    text: { type: 'string' },
    base64: { type: 'string' },
    mediaType: { type: 'string' },
    bytes: { type: 'integer' },
    digest: { type: 'string' },
  },
} as const satisfies JsonSchema;

const examples: Examples<typeof input, typeof output> = [
  {
    title: 'Read a text file',
    input: { name: 'notes.md' },
    output: {
      name: 'notes.md',
      text: '# Notes\n',
      mediaType: 'text/markdown; charset=utf-8',
      bytes: 8,
      digest: 'sha256:0c6b1d6e0d6a3e5a0b0f3bca4e1c9f5c3f1b0d3b1c8d9e7f6a5b4c3d2e1f0a9b',
    },
  },
];

export function systemReadFile(workspace: Workspace): Skill {
  return defineSkill({
    name: 'system_read_file',
    version: '1.0.0',
    description: 'Read a file that an earlier step of this run wrote.',
    input,
    output,
    effect: 'read',
    permissions: ['workspace:read'],
    limits: { timeoutMs: 30_000, timeoutMaxMs: 120_000, outputBytes: OUTPUT_BYTES_MAX },
    cost: { kind: 'free' },
    failures: [
      { code: 'path_refused', when: 'The name is not a plain relative name.' },
      { code: 'file_not_found', when: 'No step of this run wrote such a file.' },
      { code: 'skill_input_invalid', when: 'Text is asked for, and the file is not UTF-8.' },
      { code: 'output_too_large', when: 'The file does not fit into the output of a step.' },
    ],
    examples,

    async run({ name, encoding }, { tenant, runId }) {
      refuseBadName(name);
      const file = await workspace.read({ tenant, runId }, name);
      if (!file)
        throw new AosError('file_not_found', `The run has no file ${JSON.stringify(name)}.`);
      const { content, mediaType, digest } = file;
      if (content.length > OUTPUT_BYTES_MAX) {
        throw new AosError(
          'output_too_large',
          `${JSON.stringify(name)} has ${content.length} bytes; a step can return ${OUTPUT_BYTES_MAX}.`,
        );
      }
      const text = encoding === 'base64' ? undefined : textOf(content);
      if (text === undefined && encoding === 'text') {
        throw new AosError(
          'skill_input_invalid',
          `${JSON.stringify(name)} is not UTF-8 text; read it as base64.`,
        );
      }
      return {
        output: {
          name,
          ...(text === undefined ? { base64: content.toString('base64') } : { text }),
          mediaType,
          bytes: content.length,
          digest,
        },
      };
    },
  });
}

function textOf(content: Buffer): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
    // PostgreSQL cannot store it in a step, and no text has it.
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}
