import { sentencesOf, TEXT_CHARS_MAX } from './sentences.ts';

/** Ranking compares every sentence with every other. */
export const SENTENCES_READ_MAX = 200;
const SENTENCE_CHARS_MAX = 600;
const DAMPING = 0.85;
const ITERATIONS = 30;
/** How much likeness to a chosen sentence counts against the next one. */
const REPETITION = 0.7;
/** The first sentences of a text tell most; this much, and less with every further sentence. */
const LEAD = 1;
/** Longer sentences share words with more others, without being worth more. */
const WORDS_GOOD = 30;

/** Weights of the words of a sentence, of length 1 together. */
type Vector = ReadonlyMap<string, number>;

/**
 * The most central sentences of a text, in its own order and words: ranked as by LexRank (a sentence
 * counts when many others are like it), without repeating each other. The same text gives the same
 * summary. A text that is short enough is returned as it is.
 */
export function summarize(text: string, count: number): Summary {
  const all = sentencesOf(text);
  const sentences = all.slice(0, SENTENCES_READ_MAX);
  const partial = all.length > sentences.length || text.length > TEXT_CHARS_MAX;
  const chosen = sentences.length <= count ? sentences : central(sentences, count);
  return { text: chosen.map(cut).join(' '), partial };
}

export interface Summary {
  readonly text: string;
  /** The text was too long to be read to its end. */
  readonly partial: boolean;
}

function central(sentences: readonly string[], count: number): string[] {
  const vectors = vectorsOf(sentences);
  // A sentence is no witness for itself: what nothing else is like ranks last.
  const likeness = vectors.map((a) => vectors.map((b) => (a === b ? 0 : cosine(a, b))));
  const scores = rank(likeness).map(
    (score, index) =>
      (score * sentences.length + LEAD / (1 + index)) * quality(sentences[index] ?? ''),
  );
  const chosen: number[] = [];
  while (chosen.length < count) chosen.push(best(scores, likeness, chosen));
  return chosen.toSorted((a, b) => a - b).map((index) => sentences[index] ?? '');
}

/** Notices stand first in many texts and are what they are about in none. */
const NOTICE = /copyright|©|all rights reserved|licen[cs]e|cookies|javascript/i;

function quality(sentence: string): number {
  const brevity = Math.min(1, WORDS_GOOD / sentence.split(' ').length);
  return NOTICE.test(sentence) ? brevity / 4 : brevity;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });

function wordsOf(sentence: string): string[] {
  return [...segmenter.segment(sentence.toLowerCase())]
    .filter(({ isWordLike }) => isWordLike)
    .map(({ segment }) => segment);
}

/** Words weigh more the fewer sentences have them, so that no list of stop words is needed. */
function vectorsOf(sentences: readonly string[]): Vector[] {
  const counts = sentences.map((sentence) => {
    const words = new Map<string, number>();
    for (const word of wordsOf(sentence)) words.set(word, (words.get(word) ?? 0) + 1);
    return words;
  });
  const having = new Map<string, number>();
  for (const words of counts) {
    for (const word of words.keys()) having.set(word, (having.get(word) ?? 0) + 1);
  }
  return counts.map((words) => {
    const weights = [...words].map(
      ([word, times]) =>
        [word, times * Math.log(1 + sentences.length / (having.get(word) ?? 1))] as const,
    );
    const length = Math.hypot(...weights.map(([, weight]) => weight)) || 1;
    return new Map(weights.map(([word, weight]) => [word, weight / length]));
  });
}

function cosine(a: Vector, b: Vector): number {
  let sum = 0;
  for (const [word, weight] of a) sum += weight * (b.get(word) ?? 0);
  return sum;
}

/** Power iteration over the graph of likenesses, as in PageRank. */
function rank(likeness: readonly (readonly number[])[]): number[] {
  const count = likeness.length;
  const totals = likeness.map((row) => row.reduce((sum, value) => sum + value, 0) || 1);
  let scores = likeness.map(() => 1 / count);
  for (let round = 0; round < ITERATIONS; round++) {
    const given = scores.map((score, index) => score / (totals[index] ?? 1));
    scores = likeness.map(
      (row) =>
        (1 - DAMPING) / count +
        DAMPING * row.reduce((sum, value, index) => sum + value * (given[index] ?? 0), 0),
    );
  }
  return scores;
}

/** The best sentence that is left, less what it repeats. Ties go to the earlier one. */
function best(
  scores: readonly number[],
  likeness: readonly (readonly number[])[],
  chosen: readonly number[],
): number {
  let found = -1;
  let foundScore = -Infinity;
  scores.forEach((score, index) => {
    if (chosen.includes(index)) return;
    const repeats = Math.max(0, ...chosen.map((other) => likeness[index]?.[other] ?? 0));
    const worth = score - REPETITION * repeats * score;
    if (worth > foundScore) [found, foundScore] = [index, worth];
  });
  return found;
}

function cut(sentence: string): string {
  if (sentence.length <= SENTENCE_CHARS_MAX) return sentence;
  return `${sentence.slice(0, SENTENCE_CHARS_MAX).replace(/\s+\S*$/, '')} …`;
}
