export interface OutlineItem {
  /** 1 is the highest. */
  readonly level: number;
  readonly text: string;
}

interface Branch {
  readonly text: string;
  readonly below: Branch[];
}

/** More are counted, not named. */
export const OUTLINE_ITEMS_MAX = 12;
const TEXT_CHARS_MAX = 160;

/**
 * A list of headings as a sentence a person can read: what is below a heading stands in brackets behind
 * it. A list that is too long loses its deepest levels first, and says how many are not named.
 */
export function outline(items: readonly OutlineItem[], noun: string): string {
  if (items.length === 0) return `There are no ${noun}s.`;
  const named = mostTelling(items);
  const left = items.length - named.length;
  const [first] = named;
  if (items.length === 1 && first) return `There is one ${noun}: ${quoted(first.text)}.`;
  const words = treeOf(named).map(inWords);
  if (left > 0) words.push(`${left} more`);
  return `There are ${items.length} ${noun}s: ${joined(words)}.`;
}

/** The highest levels, as many as may be named; in the order of the list. */
function mostTelling(items: readonly OutlineItem[]): readonly OutlineItem[] {
  return items
    .map((item, index) => ({ item, index }))
    .toSorted((a, b) => a.item.level - b.item.level || a.index - b.index)
    .slice(0, OUTLINE_ITEMS_MAX)
    .toSorted((a, b) => a.index - b.index)
    .map(({ item }) => item);
}

function treeOf(items: readonly OutlineItem[]): Branch[] {
  const roots: Branch[] = [];
  const open: { level: number; branch: Branch }[] = [];
  for (const { level, text } of items) {
    const branch = { text, below: [] };
    while (open.length > 0 && (open.at(-1)?.level ?? 0) >= level) open.pop();
    (open.at(-1)?.branch.below ?? roots).push(branch);
    open.push({ level, branch });
  }
  return roots;
}

function inWords({ text, below }: Branch): string {
  return below.length === 0 ? quoted(text) : `${quoted(text)} (${below.map(inWords).join(', ')})`;
}

function joined(words: readonly string[]): string {
  // Brackets hold commas of their own, so branches are told apart by semicolons.
  const mark = words.some((word) => word.includes('(')) ? '; ' : ', ';
  const last = words.at(-1) ?? '';
  const rest = words.slice(0, -1);
  return rest.length === 0 ? last : `${rest.join(mark)}${mark === '; ' ? '; ' : ' '}and ${last}`;
}

function quoted(text: string): string {
  const short =
    text.length <= TEXT_CHARS_MAX ? text : `${text.slice(0, TEXT_CHARS_MAX).trimEnd()}…`;
  return `“${short}”`;
}
