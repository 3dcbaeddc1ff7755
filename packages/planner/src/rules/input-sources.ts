import type { Json, JsonObject } from '@aos/core';

import { refusal } from './refuse.ts';
import { sourceOf, type Scheme, type Source } from './source.ts';
import type { Token } from './tokenize.ts';

/** Puts the pages and files that the run's input holds in the place of `input.url` and the like. */
export function fillInputs(
  tokens: readonly Token[],
  input: JsonObject,
  scheme: Scheme,
): readonly Token[] {
  return tokens.flatMap((token): Token | readonly Token[] => {
    if (token.kind !== 'word' || !token.lower.startsWith('input.')) return token;
    const name = token.text.slice('input.'.length);
    const value = Object.hasOwn(input, name) ? input[name] : undefined;
    if (value === undefined) {
      throw refusal(`The goal reads ${token.text}, but the input of the run has no ${name}.`);
    }
    return sourcesIn(value, token.text, scheme).map((source) => ({
      kind: 'source',
      source,
      text: token.text,
    }));
  });
}

/** The pages of `input.url` and `input.urls`, for goals that name none themselves. */
export function inputSources(input: JsonObject, scheme: Scheme): readonly Source[] {
  return ['url', 'urls'].flatMap((name) =>
    Object.hasOwn(input, name) ? sourcesIn(input[name] as Json, `input.${name}`, scheme) : [],
  );
}

function sourcesIn(value: Json, name: string, scheme: Scheme): Source[] {
  const values = Array.isArray(value) ? (value as Json[]) : [value];
  return values.map((item) => {
    const source = typeof item === 'string' ? sourceOf(item.trim(), scheme) : undefined;
    if (!source) throw refusal(`${name} must be the address of a page, or a list of addresses.`);
    return source;
  });
}
