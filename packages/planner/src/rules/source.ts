import { ARTIFACT_NAME } from '@aos/core';

export type Scheme = 'http' | 'https';

/** Where the material of a goal comes from: a page of the web or a file of the run's workspace. */
export type Source =
  | { readonly kind: 'page'; readonly url: string; readonly label: string }
  | { readonly kind: 'file'; readonly name: string; readonly label: string };

const WORD_CHARS_MAX = 2048;
/** Endings that name a file, although some of them are top-level domains too. */
const FILE_ENDINGS = new Set(
  'txt md markdown json jsonl csv tsv html htm xml yaml yml log pdf js ts py sql ini toml'.split(
    ' ',
  ),
);
const HTML_ENDINGS = new Set(['html', 'htm']);
const artifactName = new RegExp(ARTIFACT_NAME);

/**
 * The source a word of the goal names, if it names one. A bare domain gets `scheme`; an address, a
 * loopback name or a host with a port gets `http`, which is what listens there.
 */
export function sourceOf(word: string, scheme: Scheme): Source | undefined {
  if (word.length > WORD_CHARS_MAX) return undefined;
  if (/^https?:\/\//i.test(word)) return pageOf(word);
  if (isFile(word)) return { kind: 'file', name: word, label: word };
  const host = word.split(/[/?#]/, 1)[0] ?? '';
  const [name = '', port, ...rest] = host.split(':');
  if (rest.length > 0 || (port !== undefined && !/^\d{1,5}$/.test(port))) return undefined;
  const local = name === 'localhost' || isAddress(name);
  if (!local && !isDomain(name) && !(port !== undefined && isLabel(name))) return undefined;
  return pageOf(`${local || port !== undefined ? 'http' : scheme}://${word}`);
}

/** What tells one source from another. */
export function idOf(source: Source): string {
  return source.kind === 'page' ? source.url : source.name;
}

export function distinct(sources: readonly Source[]): Source[] {
  return [...new Map(sources.map((source) => [idOf(source), source])).values()];
}

export function isArtifactName(name: string): boolean {
  return name.length <= WORD_CHARS_MAX && artifactName.test(name);
}

/** Whether `html_extract` can read it, as far as the name tells. */
export function maybeHtml(source: Source): boolean {
  const ending = endingOf(source.kind === 'page' ? new URL(source.url).pathname : source.name);
  if (source.kind === 'file') return HTML_ENDINGS.has(ending);
  return !FILE_ENDINGS.has(ending) || HTML_ENDINGS.has(ending);
}

export function endingOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot === -1 ? '' : name.slice(dot + 1).toLowerCase();
}

function pageOf(url: string): Source | undefined {
  if (!URL.canParse(url)) return undefined;
  const { host, pathname, search } = new URL(url);
  const path = pathname === '/' ? '' : pathname;
  return { kind: 'page', url, label: `${host}${path}${search}` };
}

function isFile(word: string): boolean {
  if (!FILE_ENDINGS.has(endingOf(word)) || !isArtifactName(word)) return false;
  const [first = '', ...rest] = word.split('/');
  // `docs.example.com/page.html` is a page, `out/table.json` and `notes.v2.txt` are files.
  return rest.length === 0 || !isDomain(first);
}

function isDomain(name: string): boolean {
  const labels = name.split('.');
  const last = labels.at(-1) ?? '';
  return labels.length > 1 && labels.every(isLabel) && /^(?:\p{L}{2,63}|xn--.{1,59})$/u.test(last);
}

function isLabel(label: string): boolean {
  return label.length <= 63 && /^[\p{L}\p{N}][\p{L}\p{N}_-]*$/u.test(label);
}

function isAddress(name: string): boolean {
  const parts = name.split('.');
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
}
