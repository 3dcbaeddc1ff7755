import { attribute, shownElements, type HtmlNode } from './node.ts';
import { labelOf, shownLine } from './shown-text.ts';

export interface Heading {
  readonly level: number;
  readonly text: string;
}

/** The signs that pages put beside a heading to link to it. */
const PERMALINK = /^(?:[\s#¶§∞⚓🔗⌗\u200b]|\ufe0f)*$/u;

/** The headings of a page as a reader sees them, in order. Empty ones are no headings. */
export function headingsOf(roots: readonly HtmlNode[]): Heading[] {
  const headings: Heading[] = [];
  for (const node of shownElements(roots)) {
    const level = levelOf(node);
    if (level === undefined) continue;
    const text = shownLine(node, isAside) || shownLine(node, isPermalink) || labelOf(node);
    if (text) headings.push({ level, text });
  }
  return headings;
}

function levelOf(node: HtmlNode): number | undefined {
  const role = attribute(node, 'role');
  const own = /^h([1-6])$/.exec(node.name ?? '')?.[1];
  if (role !== 'heading') return own !== undefined && !role ? Number(own) : undefined;
  const level = Number(attribute(node, 'aria-level') ?? own ?? 2);
  return Number.isInteger(level) && level > 0 ? Math.min(level, 6) : 2;
}

/** A button beside the words is a tool; one around them, as in foldable lists, is the heading itself. */
function isAside(node: HtmlNode): boolean {
  return node.name === 'button' || isPermalink(node);
}

function isPermalink(node: HtmlNode): boolean {
  if (node.name !== 'a' || !attribute(node, 'href')?.includes('#')) return false;
  return PERMALINK.test(shownLine(node));
}
