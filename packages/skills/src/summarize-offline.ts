import { isObject, type Json } from '@aos/core';

import { summarize, type Summary } from './extractive-summary.ts';
import { outline, type OutlineItem } from './outline.ts';

export const SENTENCES_DEFAULT = 3;
/** Longer items of a list are prose to be summarised, not labels to be listed. */
const LABEL_CHARS_MAX = 120;
const LEAVES_MAX = 5000;

/**
 * A summary without a model. Lists of headings or labels are told as an outline; everything else is
 * reduced to its most central sentences. Data without words gives a sentence that says so.
 */
export function summarizeOffline(
  prompt: string,
  input: Json | undefined,
  sentences = SENTENCES_DEFAULT,
): Summary {
  const data = input === undefined ? prompt : parsed(input);
  const noun = /\bheadings?\b|\bheadlines?\b/i.test(prompt) ? 'heading' : 'item';
  const { text, partial } = summaryOf(data, noun, sentences);
  return { text: text || 'There is no text to summarize.', partial };
}

function summaryOf(data: Json, noun: string, sentences: number): Summary {
  if (typeof data === 'string') return summarize(data, sentences);
  if (Array.isArray(data)) {
    const items = itemsOf(data as readonly Json[]);
    if (items && isLabels(items)) {
      return whole(outline(items, items.some(({ level }) => level > 1) ? 'heading' : noun));
    }
  }
  return isObject(data) && ('headings' in data || 'text' in data)
    ? pageSummary(data, noun, sentences)
    : leavesSummary(data, noun, sentences);
}

/** What `html_extract` returns: its title, its headings, and the core of its text. */
function pageSummary(page: { readonly [key: string]: Json }, noun: string, count: number): Summary {
  const { title, headings, text } = page;
  const told = [
    whole(typeof title === 'string' && title ? `The title is “${title}”.` : ''),
    Array.isArray(headings) && headings.length > 0
      ? summaryOf(headings, 'heading', count)
      : whole(''),
    typeof text === 'string' ? summaryOf(text, noun, count) : whole(''),
  ];
  return {
    text: told.flatMap((part) => part.text || []).join(' '),
    partial: told.some(({ partial }) => partial),
  };
}

function whole(text: string): Summary {
  return { text, partial: false };
}

function leavesSummary(data: Json, noun: string, sentences: number): Summary {
  const leaves = stringsIn(data).map((text) => ({ level: 1, text }));
  if (leaves.length === 0) return whole(Array.isArray(data) ? outline([], noun) : '');
  return isLabels(leaves)
    ? whole(outline(leaves, noun))
    : summarize(leaves.map(({ text }) => text).join('\n'), sentences);
}

/** White space other than single blanks between words. */
const UNEVEN = /\s\s|[^\S ]/;

/** Strings, or objects with a text and perhaps a level; undefined when it is another kind of list. */
function itemsOf(list: readonly Json[]): OutlineItem[] | undefined {
  const items: OutlineItem[] = [];
  for (const item of list) {
    const text = isObject(item) ? item['text'] : item;
    const level = isObject(item) ? item['level'] : 1;
    if (typeof text !== 'string') return undefined;
    const trimmed = text.trim();
    const line = UNEVEN.test(trimmed) ? trimmed.replace(/\s+/g, ' ') : trimmed;
    if (line) items.push({ level: typeof level === 'number' ? level : 1, text: line });
  }
  return items;
}

function isLabels(items: readonly OutlineItem[]): boolean {
  const chars = items.reduce((sum, { text }) => sum + text.length, 0);
  return chars <= LABEL_CHARS_MAX * items.length;
}

/** JSON that came as text, as references inside of other text make it. */
function parsed(input: Json): Json {
  if (typeof input !== 'string' || !/^\s*[[{]/.test(input)) return input;
  try {
    return JSON.parse(input) as Json;
  } catch {
    return input;
  }
}

function stringsIn(data: Json): string[] {
  const found: string[] = [];
  const waiting: Json[] = [data];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next === 'string' && next.trim()) found.push(next.replace(/[^\S\n]+/g, ' ').trim());
    if (found.length >= LEAVES_MAX) break;
    if (typeof next === 'object' && next !== null) {
      waiting.push(...Object.values<Json>(next as { [key: string]: Json }).toReversed());
    }
  }
  return found;
}
