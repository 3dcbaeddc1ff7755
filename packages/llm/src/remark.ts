const REMARK_CHARS_MAX = 300;

/** A text of the other side, fit for a detail: one line, bounded, without the key. */
export function remark(text: string, apiKey: string): string {
  const line = text
    .replaceAll(apiKey, '[key]')
    // Control and direction characters could forge a log line or hide its end.
    // oxlint-disable-next-line no-control-regex -- they are what is removed
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+/g, ' ')
    .trim();
  return line.length > REMARK_CHARS_MAX ? `${line.slice(0, REMARK_CHARS_MAX)}…` : line;
}
