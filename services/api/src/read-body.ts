import { AosError, type Json } from '@aos/core';
import express, { type Request, type Response } from 'express';

import { strictJson } from './strict-json.ts';

export const BODY_BYTES_MAX = 256 * 1024;

/** Compressed bodies are refused, so a small one can never become a large one. */
const raw = express.raw({ type: () => true, limit: BODY_BYTES_MAX, inflate: false });

const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** Reads the body of a route that takes JSON. The route decides how it is read, never the sender. */
export async function readBody(request: Request, response: Response): Promise<Json> {
  const type = request.headers['content-type'] ?? '';
  if (!JSON_TYPE.test(type)) {
    throw new AosError('unsupported_media_type', 'Send the body as application/json, in UTF-8.');
  }
  const bytes = await new Promise<unknown>((resolve, reject) => {
    raw(request, response, (error?: unknown) => {
      if (isTooLarge(error)) reject(tooLarge(error));
      else if (error)
        reject(error instanceof Error ? error : new Error('The body cannot be read.'));
      else resolve(request.body);
    });
  });
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) {
    throw new AosError('invalid_json', 'The body is empty.');
  }
  return strictJson(bytes);
}

/** Express's reader names its refusals by status. */
function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'status' in error && error.status === 413;
}

function tooLarge(cause: unknown): AosError {
  const detail = `The body is larger than ${BODY_BYTES_MAX} bytes, the most this route takes.`;
  return new AosError('payload_too_large', detail, { cause });
}
