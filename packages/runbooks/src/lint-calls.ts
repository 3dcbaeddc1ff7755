import type { Step } from './runbook.ts';

interface Schema {
  readonly $ref?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly additionalProperties?: unknown;
}

interface Operation {
  readonly 'x-required-scope'?: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
  };
}

/** What is looked at of an OpenAPI document. */
export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** Whether the API has what a step asks of it: the route, the scope, the names of the query and the body. */
export function callProblems(step: Step, document: OpenApiDocument): string[] {
  const call = callOf(step);
  if (!call) return [];
  const { method, path, body, scope } = call;
  const [bare = '', query = ''] = path.split('?');
  const operation = operationOf(document, method, bare);
  const at = `Line ${step.line}`;
  if (!operation) return [`${at}: the API has no ${method} ${bare}.`];
  const known = (operation.parameters ?? []).filter((one) => one.in === 'query');
  const asked = query === '' ? [] : query.split('&').map((pair) => pair.split('=')[0] ?? '');
  const needs = operation['x-required-scope'];
  return [
    ...asked
      .filter((name) => !known.some((one) => one.name === name))
      .map((name) => `${at}: ${method} ${bare} knows no query ${name}.`),
    ...(scope !== undefined && scope !== needs
      ? [`${at}: ${method} ${bare} needs the scope ${needs ?? 'of nobody'}, not ${scope}.`]
      : []),
    ...(step.kind === 'act'
      ? bodyProblems(operation, document, body).map((problem) => `${at}: ${problem}`)
      : []),
  ];
}

function callOf(step: Step) {
  if (step.kind === 'decide') return undefined;
  if (step.kind === 'act') return step.act.kind === 'call' ? step.act : undefined;
  if (step.source.kind !== 'get') return undefined;
  return { method: 'GET', path: step.source.path, body: undefined, scope: undefined };
}

/** Placeholders stand where the document has a parameter. A path without parameters goes first. */
function operationOf(document: OpenApiDocument, method: string, path: string) {
  const wanted = path.split('/');
  const fits = Object.keys(document.paths).filter((known) => {
    const parts = known.split('/');
    return (
      parts.length === wanted.length &&
      parts.every((part, at) => part === wanted[at] || (part.startsWith('{') && wanted[at] !== ''))
    );
  });
  const [best] = fits.toSorted((a, b) => a.split('{').length - b.split('{').length);
  return best === undefined ? undefined : document.paths[best]?.[method.toLowerCase()];
}

function bodyProblems(operation: Operation, document: OpenApiDocument, body: unknown): string[] {
  const given = operation.requestBody?.content['application/json']?.schema;
  if (!given) return body === undefined ? [] : ['the call takes no body.'];
  const named = given.$ref?.split('/').at(-1);
  const schema = named === undefined ? given : document.components?.schemas?.[named];
  if (typeof body !== 'object' || body === null) return ['the call needs a body.'];
  const names = Object.keys(body);
  return [
    ...(schema?.required ?? [])
      .filter((name) => !names.includes(name))
      .map((name) => `the body lacks ${name}.`),
    ...(schema?.additionalProperties === false
      ? names
          .filter((name) => !Object.hasOwn(schema.properties ?? {}, name))
          .map((name) => `the body may not have ${name}.`)
      : []),
  ];
}
