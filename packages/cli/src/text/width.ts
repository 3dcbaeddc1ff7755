const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

const PRINTABLE_ASCII = /^[ -~]*$/;
/** Shown as a picture: by itself, or because U+FE0F asks for it. */
const PICTURE = /^\p{Emoji_Presentation}|^\p{Emoji}\ufe0f|^\p{Regional_Indicator}/u;
const NO_ROOM = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]+$/u;
/** East Asian Width W and F, by ranges of first and last code point. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2329, 0x232a],
  [0x2e80, 0x303e],
  [0x3041, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x1b2ff],
  [0x1d300, 0x1d37f],
  [0x1f200, 0x1f265],
  [0x20000, 0x3fffd],
];

/** How many columns of a terminal a cleaned text on one line takes. */
export function widthOf(text: string): number {
  if (PRINTABLE_ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += widthOfGrapheme(segment);
  return width;
}

/** The text cut to at most so many columns; an ellipsis tells that something is missing. */
export function fit(text: string, columns: number): string {
  // Every column takes at least one code unit: what follows far behind can never be shown.
  if (text.length <= columns && widthOf(text) <= columns) return text;
  let width = 0;
  let kept = '';
  for (const { segment } of graphemes.segment(text)) {
    width += widthOfGrapheme(segment);
    if (width > columns) return columns < 1 ? '' : shortened(kept, columns);
    kept += segment;
  }
  return kept;
}

export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}

/** Lines of at most so many columns, broken between words where there are some. */
export function wrap(text: string, columns: number): string[] {
  if (columns === Infinity) return text.split('\n');
  return text.split('\n').flatMap((line) => {
    const lines = [''];
    for (const word of line.split(/(?<=\s)/)) {
      const last = lines.at(-1) ?? '';
      if (widthOf(last + word.trimEnd()) <= columns) lines[lines.length - 1] = last + word;
      else if (last === '') lines.splice(-1, 1, ...broken(word, columns));
      else lines.push(...broken(word, columns));
    }
    return lines.map((part) => part.trimEnd());
  });
}

function broken(word: string, columns: number): string[] {
  const parts = [''];
  for (const { segment } of graphemes.segment(word)) {
    const last = parts.at(-1) ?? '';
    if (last !== '' && widthOf((last + segment).trimEnd()) > columns) parts.push(segment);
    else parts[parts.length - 1] = last + segment;
  }
  return parts;
}

function shortened(text: string, columns: number): string {
  let rest = '';
  let width = 0;
  for (const { segment } of graphemes.segment(text)) {
    width += widthOfGrapheme(segment);
    if (width > columns - 1) break;
    rest += segment;
  }
  return `${rest}…`;
}

function widthOfGrapheme(grapheme: string): number {
  if (NO_ROOM.test(grapheme)) return 0;
  const code = grapheme.codePointAt(0) ?? 0;
  if (code < 0x80 && !grapheme.includes('\ufe0f')) return 1;
  if (PICTURE.test(grapheme)) return 2;
  return WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}
