/** Splitting takes time in the process of the worker, so a text is read up to here. */
export const TEXT_CHARS_MAX = 150_000;
/** A line of fewer words without a full stop is a label, a menu or a button. */
const WORDS_MIN = 4;
const LABEL_WORDS_MAX = 10;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'sentence' });

/** Where a full stop does not end a sentence. */
const ABBREVIATION =
  /(?:^|[\s("“])(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|e\.g|i\.e|cf|No|Nr|Fig|Vol|Inc|Ltd|Co|Corp|approx|bzw|z\.B|d\.h)\.\s*$/;
const END = /[.!?…。！？]["'”’»)\]]*$/;

/**
 * The sentences of a text, a line never reaching into the next. Menus and labels are left out as long as
 * anything else is there. The same sentence twice counts once.
 */
export function sentencesOf(text: string): string[] {
  const all = text
    .slice(0, TEXT_CHARS_MAX)
    .split(/\n+/)
    .flatMap((line) => split(line.trim()));
  const unique = [...new Set(all)];
  const prose = unique.filter(isProse);
  return prose.length > 0 ? prose : unique;
}

function split(line: string): string[] {
  const sentences: string[] = [];
  let open = '';
  for (const { segment } of segmenter.segment(line)) {
    open += segment;
    if (ABBREVIATION.test(open)) continue;
    sentences.push(open);
    open = '';
  }
  sentences.push(open);
  return sentences.map((sentence) => sentence.replace(/\s+/g, ' ').trim()).filter(Boolean);
}

function isProse(sentence: string): boolean {
  const words = sentence.split(' ').length;
  // Scripts without spaces between words: their full stops are enough.
  if (/[。！？]$/.test(sentence)) return true;
  return END.test(sentence) ? words >= WORDS_MIN : words > LABEL_WORDS_MAX;
}
