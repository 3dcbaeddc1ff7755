import type { Clause, Mention } from './clause.ts';
import { refusal } from './refuse.ts';
import { parts, type Thing } from './words.ts';

const CONTAINERS = new Set<Thing>(['page', 'text', 'json', 'it']);
const PARTS: ReadonlySet<Thing> = new Set(parts);

/** The nouns of a clause with `a summary of the headings` and the like folded into one. */
export function foldMentions({ mentions, narrow, verb }: Clause): readonly Mention[] {
  const folded = fold(mentions);
  if (verb !== 'narrow' && Object.keys(narrow).length > 0) {
    return folded.length > 0 ? folded : [{ ...mention('it'), narrow }];
  }
  return folded;
}

export function mention(thing: Thing): Mention {
  return { thing, word: thing, narrow: {}, count: false, within: false };
}

function fold(mentions: readonly Mention[]): readonly Mention[] {
  const folded: Mention[] = [];
  for (const [index, item] of mentions.entries()) {
    const rest = mentions.slice(index + 1);
    const takes =
      (item.thing === 'summary' && rest[0]?.within) || (item.thing === 'report' && index === 0);
    if (takes && rest.length > 0) return [...folded, { ...item, of: fold(rest) }];
    const before = folded.at(-1);
    if (before && item.within && item.thing !== 'summary' && item.thing !== 'report') {
      // `links on the page`: the place, not one more thing.
      if (CONTAINERS.has(item.thing)) continue;
      if (before.thing === 'text') folded.pop();
      else if (PARTS.has(before.thing) && PARTS.has(item.thing)) throw nested(before, item);
    }
    folded.push(item);
  }
  return folded;
}

function nested(inner: Mention, outer: Mention): Error {
  return refusal(
    `The rules planner cannot tell which ${inner.word} lie within the ${outer.word}; a selector of html_extract in a plan of your own can.`,
  );
}
