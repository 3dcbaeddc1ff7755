import {
  AosError,
  formatReference,
  isObject,
  namesIn,
  partsOf,
  type Json,
  type JsonObject,
  type Plan,
  type Reference,
} from '@aos/core';

import { escapeJson, escapeText } from './escape.ts';

/**
 * The plan of a template with `${input.name}` replaced by parameters. A parameter is data: whatever
 * stands in it is escaped, so it can never become a reference. References to steps stay as they are.
 */
export function fillTemplate(plan: Plan, parameters: JsonObject): Plan {
  for (const { key, when } of plan.steps) {
    if (when && namesIn(when).has('input')) {
      throw new AosError(
        'plan_invalid',
        `The condition of the step ${key} reads input; a template puts its parameters into inputs only.`,
      );
    }
  }
  const fill = (value: Json) => filled(value, parameters);
  return {
    version: plan.version,
    steps: plan.steps.map((step) => ({
      ...step,
      input: fill(step.input) as JsonObject,
      ...(step.forEach && { forEach: { ...step.forEach, in: fill(step.forEach.in) } }),
      ...(isObject(step.onError) && { onError: { use: fill(step.onError['use']) } }),
    })),
    ...(plan.output !== undefined && { output: fill(plan.output) }),
  };
}

function filled(value: Json, parameters: JsonObject): Json {
  if (typeof value === 'string') return filledText(value, parameters);
  if (Array.isArray(value)) return value.map((item: Json) => filled(item, parameters));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, filled(item, parameters)]),
  );
}

function filledText(text: string, parameters: JsonObject): Json {
  const parts = partsOf(text);
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && typeof only !== 'string') {
    return only.root === 'input' ? escapeJson(lookUp(only, parameters)) : text;
  }
  let result = '';
  // Literals that meet are escaped together: `$` and `{` must not become a reference.
  let literal = '';
  for (const part of parts) {
    if (typeof part === 'string') literal += part;
    else if (part.root === 'input') literal += textOf(lookUp(part, parameters));
    else {
      if (literal.endsWith('$')) throw dollar(text);
      result += escapeText(literal) + formatReference(part);
      literal = '';
    }
  }
  return result + escapeText(literal);
}

function lookUp(reference: Reference, parameters: JsonObject): Json {
  let value: Json | undefined = parameters;
  for (const part of reference.path) {
    if (Array.isArray(value))
      value = typeof part === 'number' ? (value as Json[])[part] : undefined;
    else value = isObject(value) && Object.hasOwn(value, part) ? value[part] : undefined;
    if (value === undefined) {
      throw new AosError(
        'plan_invalid',
        `The template reads ${formatReference(reference)}, but no such parameter was given and it has no default.`,
      );
    }
  }
  return value;
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** `$` before a reference would read as an escaped `${`. */
function dollar(text: string): AosError {
  return new AosError(
    'invalid_request',
    `A parameter ends in $ right before a reference in ${JSON.stringify(text.slice(0, 80))}; put something between them.`,
  );
}
