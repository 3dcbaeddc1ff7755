import type { Json } from '@aos/core';

import type { Format, Mention, Narrow } from './clause.ts';
import type { Source } from './source.ts';

/** One thing a goal asks for, ready to become steps. */
export type Intent = Wish & {
  /** Named beside the verb; empty means those spoken of before. */
  readonly sources: readonly Source[];
  /** One result for each source instead of one for all. */
  readonly each: boolean;
  /** Its results are spoken of together with those before. */
  readonly joined?: true;
};

type Wish =
  /** `asked`: the page itself is wanted, not only named. */
  | { readonly do: 'visit'; readonly asked: boolean }
  | { readonly do: 'obtain'; readonly mentions: readonly Mention[] }
  | { readonly do: 'narrow'; readonly mentions: readonly Mention[]; readonly narrow: Narrow }
  | {
      readonly do: 'transform';
      readonly mentions: readonly Mention[];
      readonly expression: string;
    }
  | {
      readonly do: 'summarize';
      readonly mentions: readonly Mention[];
      readonly sentences?: number;
    }
  | {
      readonly do: 'save';
      readonly mentions: readonly Mention[];
      readonly name?: string;
      readonly format?: Format;
      readonly sentences?: number;
    }
  | {
      readonly do: 'report';
      readonly mentions: readonly Mention[];
      readonly title?: string;
      readonly name?: string;
      readonly format?: Format;
    }
  | { readonly do: 'query'; readonly sql: string }
  | { readonly do: 'post'; readonly json: Json };

/** A goal as understood. */
export interface Wanted {
  readonly intents: readonly Intent[];
  /** Every source of the goal in order, for what names none. */
  readonly sources: readonly Source[];
  readonly notes: readonly string[];
}
