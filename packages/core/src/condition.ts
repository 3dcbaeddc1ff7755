import { celEnv, isCelError, parse, plan } from '@bufbuild/cel';

import { TookTooLong, within } from './bounded.ts';
import { AosError } from './failures.ts';
import type { Json } from './json.ts';
import type { Scope } from './reference.ts';

type Expr = ReturnType<typeof parse>['expr'];

const env = celEnv();

/** Nested comprehensions multiply: 2,000 x 2,000 took 6 s. One level is enough for any condition. */
const COMPREHENSION_DEPTH_MAX = 1;
/** `x in list` for every x of a long list is as bad; nobody can tell by looking. */
const CONDITION_MS_MAX = 250;

/** Names of the scope a condition reads. Throws `plan_invalid` when it is no allowed CEL. */
export function namesIn(condition: string): ReadonlySet<string> {
  const before = known.get(condition);
  if (before) return before;
  const names = new Set<string>();
  walk(parsed(condition), { bound: new Set(), depth: 0 }, names);
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(condition, names);
  return names;
}

/** A condition is read when its plan is inspected, when it is prepared, and each time it is decided. */
const known = new Map<string, ReadonlySet<string>>();
const KNOWN_MAX = 1_000;

/**
 * Whether a condition holds. CEL: no loops, no assignment, linear-time patterns, 250 ms.
 * Throws `condition_failed` when it errs, takes longer, or gives anything but true or false.
 */
export function holds(condition: string, scope: Scope): boolean {
  const names = namesIn(condition);
  const bindings: Record<string, Json> = {};
  for (const name of names) {
    const value = scope.get(name);
    if (value !== undefined) bindings[name] = ordinary(value);
  }
  const result = evaluate(condition, bindings);
  if (isCelError(result)) {
    throw new AosError(
      'condition_failed',
      `${condition}: ${result.message}${hint(result.message)}`,
    );
  }
  if (typeof result !== 'boolean') {
    throw new AosError(
      'condition_failed',
      `${condition}: gives ${typeof result}, not true or false.`,
    );
  }
  return result;
}

function evaluate(condition: string, bindings: Record<string, Json>): unknown {
  try {
    return within(CONDITION_MS_MAX, () => plan(env, parsed(condition))(bindings));
  } catch (error) {
    if (!(error instanceof TookTooLong)) throw error;
    const detail = `${condition}: takes longer than ${CONDITION_MS_MAX} ms with this data.`;
    throw new AosError('condition_failed', detail, { cause: error });
  }
}

function parsed(condition: string): Expr {
  try {
    return parse(condition).expr;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new AosError('plan_invalid', `The condition ${JSON.stringify(condition)}: ${message}`);
  }
}

/** JSON numbers are doubles in CEL: `x + 1` adds an int to a double, which CEL refuses. */
function hint(message: string): string {
  return /overload|double|int/.test(message)
    ? ' Numbers are doubles here: write x + 1.0, or int(x) + 1.'
    : '';
}

/** CEL takes plain objects only; ours may have no prototype. */
function ordinary(value: Json): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

interface Place {
  readonly bound: ReadonlySet<string>;
  readonly depth: number;
}

function walk(expr: Expr | undefined, place: Place, names: Set<string>): void {
  const kind = expr?.exprKind;
  switch (kind?.case) {
    case 'identExpr':
      if (!place.bound.has(kind.value.name)) names.add(kind.value.name);
      return;
    case 'selectExpr':
      return walk(kind.value.operand, place, names);
    case 'callExpr':
      walk(kind.value.target, place, names);
      for (const argument of kind.value.args) walk(argument, place, names);
      return;
    case 'listExpr':
      for (const element of kind.value.elements) walk(element, place, names);
      return;
    case 'structExpr':
      for (const entry of kind.value.entries) {
        if (entry.keyKind.case === 'mapKey') walk(entry.keyKind.value, place, names);
        walk(entry.value, place, names);
      }
      return;
    case 'comprehensionExpr': {
      const { iterVar, accuVar, iterRange, accuInit, loopCondition, loopStep, result } = kind.value;
      const depth = place.depth + 1;
      if (depth > COMPREHENSION_DEPTH_MAX) {
        throw new AosError(
          'plan_invalid',
          'A condition may not nest all(), exists(), map() or filter().',
        );
      }
      const inner = { bound: new Set([...place.bound, iterVar, accuVar]), depth };
      walk(iterRange, { ...place, depth }, names);
      walk(accuInit, { ...place, depth }, names);
      for (const part of [loopCondition, loopStep, result]) walk(part, inner, names);
      return;
    }
    default:
      return;
  }
}
