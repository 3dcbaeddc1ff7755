/*
 * Texts of the API come from pages, models and other people. A terminal obeys what is in them: sequences
 * that write the clipboard (OSC 52), move the cursor, rename the window, or turn the reading direction.
 */

// oxlint-disable no-control-regex -- control characters are what this file is about
/** OSC, DCS, SOS, PM and APC up to their end. The body excludes every introducer, so matching is linear. */
const STRINGS = /(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x80-\x9f]*(?:\x07|\x1b\\|\x9c)/g;
const CSI = /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]/g;
const ESCAPES = /\x1b[ -/]*[0-~]/g;
const LINE_ENDS = /\r\n?|[\u0085\u2028\u2029]/g;
/** Controls but the line feed; marks of reading direction; characters that are there and take no room. */
const UNSEEN =
  /[\0-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;
/** What JSON text may hold unescaped and a terminal obeys. */
const OBEYED_IN_JSON = /[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;
// oxlint-enable no-control-regex

/** The text without anything a terminal would obey; its line ends stay. */
export function clean(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(STRINGS, '')
    .replaceAll(CSI, '')
    .replaceAll(ESCAPES, '')
    .replaceAll(LINE_ENDS, '\n')
    .replaceAll('\t', '  ')
    .replaceAll(UNSEEN, '');
}

/** The same on a single line. */
export function oneLine(text: string): string {
  return clean(text).replaceAll(/\s+/g, ' ').trim();
}

/** A copy of the value with every text and every name in it cleaned. */
export function cleanJson<T>(value: T): T {
  return copy(value, clean) as T;
}

/** The same for what is shown on single lines, where a line end would break the picture. */
export function oneLineJson<T>(value: T): T {
  return copy(value, oneLine) as T;
}

/** JSON text of exactly this value, in which nothing is left that a terminal would obey. */
export function inertJson(value: unknown): string {
  return inert(JSON.stringify(value, null, 2));
}

/** The same on one line. */
export function inertLine(value: unknown): string {
  return inert(JSON.stringify(value));
}

function inert(json: string): string {
  return json.replaceAll(
    OBEYED_IN_JSON,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function copy(value: unknown, cleaned: (text: string) => string): unknown {
  if (typeof value === 'string') return cleaned(value);
  if (Array.isArray(value)) return value.map((item) => copy(item, cleaned));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [oneLine(name), copy(item, cleaned)]),
  );
}
