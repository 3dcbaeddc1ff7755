import { load } from 'cheerio';

import { parts, type Extracted, type ExtractInput } from './extract-parts.ts';
import { headingsOf } from './headings.ts';
import { baseOf, linksOf } from './links.ts';
import { attribute, shownElements, type HtmlNode } from './node.ts';
import { collapsed, shownText } from './shown-text.ts';
import { tablesOf } from './tables.ts';

/** More than this of one kind is left out, and said so. */
export const PART_ITEMS_MAX = 5000;
export const TEXT_CHARS_MAX = 500_000;

/** The asked parts of a page, and notes on what was left out. Throws what the selector parser throws. */
export function extract(input: ExtractInput): { output: Extracted; notes: string[] } {
  const $ = load(input.html);
  const wanted = new Set(input.extract ?? parts);
  const document = $.root()[0] as unknown as HtmlNode;
  const roots =
    input.selector === undefined
      ? [document]
      : outermost($(input.selector).toArray() as HtmlNode[]);
  const notes: string[] = [];
  if (roots.length === 0) notes.push('Nothing in the page matches the selector.');
  const base = baseOf($('base[href]').first().attr('href'), input.baseUrl);
  const bounded = <T>(what: string, items: T[]): T[] => {
    if (items.length <= PART_ITEMS_MAX) return items;
    notes.push(`Only the first ${PART_ITEMS_MAX} of ${items.length} ${what} were taken.`);
    return items.slice(0, PART_ITEMS_MAX);
  };
  const output = {
    ...(wanted.has('title') && { title: collapsed($('head > title').first().text()) }),
    ...(wanted.has('headings') && { headings: bounded('headings', headingsOf(roots)) }),
    ...(wanted.has('links') && { links: bounded('links', linksOf(roots, base)) }),
    ...(wanted.has('tables') && { tables: bounded('tables', tablesOf(shownElements(roots))) }),
    ...(wanted.has('text') && { text: textOf(roots, notes) }),
    ...(wanted.has('meta') && { meta: metaOf(document) }),
    language: $('html').first().attr('lang')?.trim() ?? '',
  };
  return { output, notes };
}

/** Matches inside of matches would be read twice. */
function outermost(matches: readonly HtmlNode[]): HtmlNode[] {
  const all = new Set(matches);
  return matches.filter((match) => {
    for (let up = match.parent; up; up = up.parent) if (all.has(up)) return false;
    return true;
  });
}

function textOf(roots: readonly HtmlNode[], notes: string[]): string {
  const text = roots.map((root) => shownText(root)).join('\n');
  if (text.length <= TEXT_CHARS_MAX) return text;
  notes.push(`Only the first ${TEXT_CHARS_MAX} of ${text.length} characters of text were taken.`);
  return text.slice(0, TEXT_CHARS_MAX);
}

const META_MAX = 100;
const META_CHARS_MAX = 2000;

/** The first value of every named meta element, by its name in lower case. */
function metaOf(document: HtmlNode): Record<string, string> {
  const meta = new Map<string, string>();
  const waiting = [document];
  for (let node = waiting.pop(); node && meta.size < META_MAX; node = waiting.pop()) {
    if (node.name === 'meta') {
      const name = attribute(node, 'name') ?? attribute(node, 'property');
      const content = attribute(node, 'content');
      const key = name?.trim().toLowerCase() ?? '';
      if (key && content !== undefined && !meta.has(key)) {
        meta.set(key.slice(0, 100), collapsed(content).slice(0, META_CHARS_MAX));
      }
      continue;
    }
    waiting.push(...(node.children ?? []).toReversed());
  }
  return Object.fromEntries(meta);
}
