import { createHash } from 'node:crypto';

import type { FailureCode } from './failures.ts';
import { planKeyOf } from './step.ts';

/** What decides whether two failures have one cause. */
export interface FailureFacts {
  readonly code: FailureCode;
  readonly detail: string;
  /** The step that failed, when one did. */
  readonly step?: { readonly key: string; readonly skill: string; readonly version: string };
}

export interface Fingerprint {
  /** 24 hexadecimal digits; also the id of the case. */
  readonly fingerprint: string;
  /** The words of the failure without what differs from one time to the next. */
  readonly message: string;
}

const DETAIL_CHARS_MAX = 2_000;
const MESSAGE_CHARS_MAX = 300;

/** In this order: an address holds numbers, and a quotation may hold an address. */
const FOLDS: readonly (readonly [RegExp, string])[] = [
  [/"(?:[^"\\]|\\.)*"|'[^'\s][^']*'(?![\p{L}])|`[^`]*`|“[^”]*”/gu, '"…"'],
  [/\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s"'<>)\]]+/gi, '<url>'],
  [/[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+/g, '<email>'],
  [/\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?/g, '<time>'],
  [/\b(?:[a-z]{1,8}_)?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi, '<id>'],
  [/(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?![\d.])/g, '<address>'],
  // Short words of hexadecimal letters alone, such as "dead", are words.
  [/\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b/gi, '<id>'],
  [/\d+(?:[.,]\d+)*/g, '<n>'],
  [/\s+/g, ' '],
];

/**
 * The cause of a failure: code, words, skill with the line of its version, and the place in the plan. The
 * same for every item of a list, and for every minor version, since a case must outlive the version
 * that is meant to cure it; another major version is another contract.
 */
export function fingerprintOf({ code, detail, step }: FailureFacts): Fingerprint {
  const message = normalized(detail);
  const line = step?.version.split('.')[0] ?? '';
  const text = JSON.stringify([code, message, step?.skill ?? '', line, planKeyOf(step?.key ?? '')]);
  return {
    fingerprint: createHash('sha256').update(text).digest('hex').slice(0, 24),
    message,
  };
}

function normalized(detail: string): string {
  let text = detail.slice(0, DETAIL_CHARS_MAX);
  for (const [pattern, fold] of FOLDS) text = text.replaceAll(pattern, fold);
  return text.trim().slice(0, MESSAGE_CHARS_MAX);
}
