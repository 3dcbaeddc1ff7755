import type { Heading } from './headings.ts';
import type { Link } from './links.ts';
import type { Table } from './tables.ts';

export const parts = ['headings', 'links', 'tables', 'text', 'title', 'meta'] as const;
export type Part = (typeof parts)[number];

export interface ExtractInput {
  readonly html: string;
  readonly baseUrl?: string;
  readonly extract?: readonly Part[];
  readonly selector?: string;
}

export interface Extracted {
  title?: string;
  headings?: Heading[];
  links?: Link[];
  tables?: Table[];
  text?: string;
  meta?: Record<string, string>;
  language: string;
}
