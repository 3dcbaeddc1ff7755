import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';

import { isObject, type Json, type JsonObject } from '@aos/core';

import { usageError } from './command-error.ts';

/** Larger bodies are refused by the API anyway. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;

/** The JSON of `@file`, of `@-` (standard input), or of the text itself. */
export function readJson(source: string, folder: string, option: string): Json {
  if (!source.startsWith('@')) return parsed(source, option);
  const name = source.slice(1);
  return parsed(
    contentOf(name, folder, option),
    `${option} ${name === '-' ? '(standard input)' : name}`,
  );
}

/**
 * The object that a repeated option makes: `@file`, JSON text, and `name=value`, later ones winning. A
 * value that is JSON keeps its type; anything else is text.
 */
export function readObject(sources: readonly string[], folder: string, option: string): JsonObject {
  const parts = sources.map((source): JsonObject => {
    const pair = /^([^=@{["][^=]*)=(.*)$/s.exec(source);
    if (pair) return Object.fromEntries([[pair[1] ?? '', valueOf(pair[2] ?? '')]]);
    const value = readJson(source, folder, option);
    if (isObject(value)) return value;
    throw usageError(`${option} needs an object: @file, {"name": "value"} or name=value.`);
  });
  return Object.fromEntries(parts.flatMap((part) => Object.entries(part)));
}

function valueOf(text: string): Json {
  try {
    const value = JSON.parse(text) as Json;
    // A number that would not come back as it was written, such as a long id, is text.
    return typeof value === 'number' && String(value) !== text.trim() ? text : value;
  } catch {
    return text;
  }
}

function contentOf(name: string, folder: string, option: string): string {
  const file = name === '-' ? 0 : resolve(folder, name);
  try {
    if (file !== 0 && statSync(file).size > FILE_BYTES_MAX) {
      throw usageError(`${option}: ${name} is larger than ${FILE_BYTES_MAX / 1024 / 1024} MiB.`);
    }
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    throw usageError(`${option}: ${name} cannot be read (${String(error.code)}).`, error);
  }
}

function parsed(text: string, where: string): Json {
  try {
    return JSON.parse(text.replace(/^\ufeff/, '')) as Json;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usageError(`${where} is no JSON: ${reason}`, error);
  }
}
