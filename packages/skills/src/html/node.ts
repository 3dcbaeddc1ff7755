/** A node as cheerio's parser makes it; the little of it that is read here. */
export interface HtmlNode {
  readonly type: string;
  /** Of elements, in lower case. */
  readonly name?: string;
  /** Of text. */
  readonly data?: string;
  readonly attribs?: Readonly<Record<string, string>>;
  readonly children?: readonly HtmlNode[];
  readonly parent?: HtmlNode | null;
}

export function attribute(node: HtmlNode, name: string): string | undefined {
  const { attribs } = node;
  return attribs && Object.hasOwn(attribs, name) ? attribs[name] : undefined;
}

/** Elements whose content no browser shows. */
const UNSEEN = new Set([
  'script',
  'style',
  'template',
  'noscript',
  'head',
  'title',
  'iframe',
  'object',
  'audio',
  'video',
  'canvas',
  'select',
  'datalist',
  'textarea',
  'rp',
  'desc',
  'metadata',
]);
const UNSEEN_STYLE = /(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))\b/i;

export function isHidden(node: HtmlNode): boolean {
  if (node.name === undefined) return false;
  if (UNSEEN.has(node.name)) return true;
  const hidden = attribute(node, 'hidden');
  if (hidden !== undefined && hidden.toLowerCase() !== 'until-found') return true;
  if (node.name === 'dialog' && attribute(node, 'open') === undefined) return true;
  return UNSEEN_STYLE.test(attribute(node, 'style') ?? '');
}

/** Shown elements below the roots, in the order of the document. Pages nest deeper than a stack allows. */
export function* shownElements(roots: readonly HtmlNode[]): Generator<HtmlNode> {
  const waiting = roots.toReversed();
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (isHidden(node)) continue;
    if (node.name !== undefined) yield node;
    for (const child of (node.children ?? []).toReversed()) waiting.push(child);
  }
}
