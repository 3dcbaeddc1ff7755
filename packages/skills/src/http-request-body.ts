import { AosError } from '@aos/core';

type Scalars = { readonly [name: string]: string | number | boolean };

interface Body {
  readonly body?: string;
  readonly contentType?: string;
}

/** The body of a request and what to call it. Throws when more than one is given. */
export function bodyOf(given: { json?: unknown; form?: Scalars; text?: string }): Body {
  const kinds = (['json', 'form', 'text'] as const).filter((kind) => given[kind] !== undefined);
  if (kinds.length > 1) {
    throw new AosError('skill_input_invalid', `Give one body, not ${kinds.join(' and ')}.`);
  }
  if (given.json !== undefined) {
    return { body: JSON.stringify(given.json), contentType: 'application/json' };
  }
  if (given.form !== undefined) {
    return {
      body: parametersOf(given.form).toString(),
      contentType: 'application/x-www-form-urlencoded',
    };
  }
  return given.text === undefined
    ? {}
    : { body: given.text, contentType: 'text/plain; charset=utf-8' };
}

/** The URL with more parameters in its query. What is no URL is left for egress to refuse. */
export function urlWithQuery(url: string, query: Scalars | undefined): string {
  const parsed = query === undefined ? null : URL.parse(url);
  if (!parsed || query === undefined) return url;
  for (const [name, value] of parametersOf(query)) parsed.searchParams.append(name, value);
  return parsed.href;
}

function parametersOf(scalars: Scalars): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(scalars)) parameters.append(name, String(value));
  return parameters;
}
