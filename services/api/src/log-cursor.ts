import { AosError } from '@aos/core';
import type { consumers, log } from '@aos/store';

import { fromCursor, toCursor } from './cursor.ts';

/** Whatever the database would refuse is no cursor. */
const COUNT = /^\d{1,9}$/;
const POSITION = /^\d{1,18}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SEQ = /^(\d{1,9}|2147483647)$/;
const PLACE = [COUNT, POSITION, UUID, SEQ];
const HANDED = [/^\d{1,2}$/, COUNT, ...PLACE];
const TIME = /^\d{4}-\d\d-\d\dT/;

/** A place in the log, with the incarnation that it was read in. Opaque to callers. */
export function placeCursor(incarnation: number, place: log.LogPlace): string {
  return toCursor(placeParts(incarnation, place));
}

/** A place as a member of a consumer was handed it: it can be acknowledged by that member alone. */
export function handedCursor(
  { part, epoch }: { readonly part: number; readonly epoch: number },
  incarnation: number,
  place: log.LogPlace,
): string {
  return toCursor([String(part), String(epoch), ...placeParts(incarnation, place)]);
}

export function readPlace(cursor: string): log.LogPlace {
  return placeFrom(partsOf(cursor).slice(-PLACE.length));
}

export function readHanded(cursor: string): {
  readonly part: number;
  readonly epoch: number;
  readonly place: log.LogPlace;
} {
  const parts = fromCursor(cursor, HANDED);
  const [part, epoch] = parts;
  return { part: Number(part), epoch: Number(epoch), place: placeFrom(parts.slice(2)) };
}

/** `start`, `end`, a time, or a cursor of either kind. */
export function readFrom(text: string): consumers.From {
  if (text === 'start' || text === 'end') return text;
  if (!TIME.test(text)) return readPlace(text);
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) {
    const problems = [{ pointer: '#/from', detail: 'is no time' }];
    throw new AosError('invalid_request', 'The request: #/from is no time', { problems });
  }
  return moment;
}

function partsOf(cursor: string): readonly string[] {
  try {
    return fromCursor(cursor, HANDED);
  } catch {
    return fromCursor(cursor, PLACE);
  }
}

function placeParts(incarnation: number, { position, runUuid, seq }: log.LogPlace): string[] {
  return [String(incarnation), position, runUuid, String(seq)];
}

function placeFrom(parts: readonly string[]): log.LogPlace {
  const [, position = '0', runUuid = '', seq] = parts;
  return { position, runUuid, seq: Number(seq) };
}
