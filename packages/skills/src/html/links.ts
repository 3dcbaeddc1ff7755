import { attribute, shownElements, type HtmlNode } from './node.ts';
import { labelOf, shownLine } from './shown-text.ts';

export interface Link {
  readonly text: string;
  readonly url: string;
}

const KEPT = new Set(['http:', 'https:', 'mailto:', 'tel:', 'ftp:']);

/** The links of a page, absolute where a base is known. Links that run code or hold data are left out. */
export function linksOf(roots: readonly HtmlNode[], base: string | undefined): Link[] {
  const links: Link[] = [];
  for (const node of shownElements(roots)) {
    if (node.name !== 'a' && node.name !== 'area') continue;
    const href = attribute(node, 'href')?.trim();
    const url = href === undefined ? undefined : absolute(href, base);
    if (url !== undefined) links.push({ text: shownLine(node) || labelOf(node), url });
  }
  return links;
}

/** Where relative addresses of a page start: its own `base` element, resolved against where it came from. */
export function baseOf(href: string | undefined, pageUrl: string | undefined): string | undefined {
  const page = URL.parse(pageUrl ?? '')?.href;
  return href === undefined ? page : (URL.parse(href, page)?.href ?? page);
}

function absolute(href: string, base: string | undefined): string | undefined {
  const url = URL.parse(href, base);
  if (url) return KEPT.has(url.protocol) ? url.href : undefined;
  // Relative without a base: as it stands, unless it is no address at all.
  return /^[a-z][a-z0-9+.-]*:/i.test(href) ? undefined : href;
}
