import type { Value } from './runbook.ts';

const TEXT_CHARS_MAX = 500;

/** Walks into an answer; what is not there is null. A list or an object at the end is told as JSON, cut. */
export function pick(answer: unknown, path: string | undefined): Value {
  let value = answer;
  for (const name of path === undefined ? [] : path.split('.')) value = part(value, name);
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  if (value === undefined) return null;
  return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, TEXT_CHARS_MAX);
}

function part(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return name === 'length' ? value.length : value[Number(name)];
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
