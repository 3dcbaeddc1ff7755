import { attribute, isHidden, type HtmlNode } from './node.ts';

const BLOCKS = new Set(
  (
    'address article aside blockquote body br button caption center dd details dialog dir div dl dt ' +
    'fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main ' +
    'menu nav ol option p pre search section summary table tbody tfoot thead tr ul'
  ).split(' '),
);
const CELLS = new Set(['td', 'th']);

/** Soft hyphens, joiners and marks that take no room on the screen. */
const INVISIBLE = /[\u00ad\u200b\u2060\ufeff]/g;

type Visit = { readonly enter: HtmlNode } | { readonly leave: string };

/**
 * The text of a node as a browser shows it: what is hidden is left out, white space collapsed, one line
 * for each block. `skip` leaves out more.
 */
export function shownText(root: HtmlNode, skip: (node: HtmlNode) => boolean = () => false): string {
  const parts: string[] = [];
  const waiting: Visit[] = [{ enter: root }];
  for (let visit = waiting.pop(); visit; visit = waiting.pop()) {
    if ('leave' in visit) {
      parts.push(visit.leave);
      continue;
    }
    const { enter: node } = visit;
    if (node.data !== undefined && node.type === 'text') parts.push(textOf(node));
    // The root was asked for, so it is read even if the page hides it.
    if (node !== root && (isHidden(node) || skip(node))) continue;
    const edge = BLOCKS.has(node.name ?? '') ? '\n' : CELLS.has(node.name ?? '') ? ' ' : '';
    if (edge) {
      parts.push(edge);
      waiting.push({ leave: edge });
    }
    for (const child of (node.children ?? []).toReversed()) waiting.push({ enter: child });
  }
  return parts.join('').split('\n').map(collapsed).filter(Boolean).join('\n');
}

/** The same on one line. */
export function shownLine(root: HtmlNode, skip?: (node: HtmlNode) => boolean): string {
  return shownText(root, skip).replaceAll('\n', ' ');
}

/** What stands for a node that shows no text: the text of its images, or its label. */
export function labelOf(root: HtmlNode): string {
  const waiting = [root];
  const labels: string[] = [];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    const label =
      node.name === 'img' || node.name === 'area'
        ? attribute(node, 'alt')
        : (attribute(node, 'aria-label') ?? attribute(node, 'title'));
    if (label) labels.push(label);
    else waiting.push(...(node.children ?? []).toReversed());
  }
  return collapsed(labels.join(' '));
}

/** White space as it is shown; lines are made by blocks alone, but for preformatted text. */
function textOf(node: HtmlNode): string {
  const text = (node.data ?? '').replace(INVISIBLE, '');
  return isPreformatted(node) ? text : text.replace(/\s+/g, ' ');
}

const ANCESTORS_MAX = 8;

function isPreformatted(node: HtmlNode): boolean {
  let ancestor = node.parent;
  for (let up = 0; ancestor && up < ANCESTORS_MAX; up++, ancestor = ancestor.parent) {
    if (ancestor.name === 'pre') return true;
  }
  return false;
}

export function collapsed(text: string): string {
  return text.replace(INVISIBLE, '').replace(/\s+/g, ' ').trim();
}
