import type { Catalog, JsonObject } from '@aos/core';

import { clauseIntents } from './clause-intents.ts';
import type { Clause } from './clause.ts';
import { fillInputs, inputSources } from './input-sources.ts';
import type { Intent, Wanted } from './intent.ts';
import { readClauses } from './read-clauses.ts';
import { quoteList, refusal } from './refuse.ts';
import { distinct, type Scheme, type Source } from './source.ts';
import { tokenize } from './tokenize.ts';

export interface GoalText {
  readonly goal: string;
  readonly input: JsonObject;
  readonly scheme: Scheme;
  readonly catalog: Catalog;
}

/** Sources one goal may name; a plan of one's own with `forEach` has no such limit. */
export const SOURCES_MAX = 20;

/** Understands a goal wholly, or refuses with `goal_not_plannable`: no word is skipped in silence. */
export function readGoal({ goal, input, scheme, catalog }: GoalText): Wanted {
  const { clauses, unknown, leftOut } = readClauses(
    fillInputs(tokenize(goal, scheme), input, scheme),
  );
  const active = clauses.filter(({ negated }) => !negated);
  const understood = describe(active);
  refuseVerbs(active, understood, catalog);
  if (unknown.length > 0) {
    throw refusal(
      `The rules planner does not understand ${quoteList(unknown)}. Say it in simpler words, give a plan, or use the planner claude.`,
      understood,
    );
  }
  const intents = mergeReports(without(clauses.flatMap(intentsOf), clauses));
  const named = distinct(intents.flatMap((intent) => intent.sources));
  refuseCredentials(named);
  const sources = named.length > 0 ? named : inputSources(input, scheme);
  if (sources.length > SOURCES_MAX) {
    throw refusal(
      `The goal names ${sources.length} sources; the rules planner takes ${SOURCES_MAX}. A plan with forEach takes more.`,
    );
  }
  if (!intents.some((intent) => intent.do !== 'visit' || intent.asked)) {
    throw refusal('The goal does not say what to do.', understood);
  }
  return {
    intents,
    sources,
    notes: leftOut.length > 0 ? [`Left out of the plan as background: ${quoteList(leftOut)}.`] : [],
  };
}

/** What is not to be done with a page may still be the page that the goal speaks of. */
function intentsOf(clause: Clause): Intent[] {
  if (!clause.negated) return clauseIntents(clause);
  const { sources, each, verb } = clause;
  if (verb === 'fetch' || verb === undefined || sources.length === 0) return [];
  return [{ sources, each, do: 'visit', asked: false }];
}

/** `make a report, save it as weekly.md` names the report instead of writing a second file. */
function mergeReports(intents: readonly Intent[]): Intent[] {
  const merged: Intent[] = [];
  for (const intent of intents) {
    const before = merged.at(-1);
    const names =
      before?.do === 'report' &&
      intent.sources.length === 0 &&
      (intent.do === 'save' || intent.do === 'report') &&
      intent.mentions.every(({ thing }) => thing === 'it');
    if (names) merged[merged.length - 1] = { ...before, ...(intent.name && { name: intent.name }) };
    else merged.push(intent);
  }
  return merged;
}

/** A password in an address would stand in the plan for all to read. */
function refuseCredentials(sources: readonly Source[]): void {
  for (const source of sources) {
    if (source.kind !== 'page') continue;
    const { username, password } = new URL(source.url);
    if (username || password) {
      throw refusal(`The address of ${source.label} holds a user name or password; leave it out.`);
    }
  }
}

/** Verbs that are understood, but are more than rules can do. */
function refuseVerbs(clauses: readonly Clause[], understood: string, catalog: Catalog): void {
  for (const clause of clauses) {
    const { verb, word, sql } = clause;
    if (verb === 'query' && sql === undefined) throw noQuery(clause);
    if (verb === 'model') {
      throw refusal(
        `“${word}” needs a language model to plan and to answer; the rules planner works without one. Configure a key, or give a plan with llm_invoke.`,
        understood,
      );
    }
    if (verb === 'outside') {
      const why = catalog.has('notify')
        ? 'the rules planner cannot word a message; give a plan with notify'
        : 'the skill notify is not in the catalog';
      throw refusal(`“${word}” cannot be planned: ${why}.`, understood);
    }
  }
}

function noQuery({ code, word }: Clause): Error {
  const why = code === undefined ? 'gives no query' : `gives ${quoteList([code])}`;
  return refusal(
    `The goal says “${word}” and ${why}; only SELECT and WITH are run, in quotes or backticks.`,
    '',
    'Run `select name from people` and save the rows to rows.json.',
  );
}

/** Takes out what the goal says it does not want. */
function without(intents: readonly Intent[], clauses: readonly Clause[]): Intent[] {
  const unwanted = new Set(
    clauses.flatMap(({ without: things, negated, mentions, verb }) => [
      ...things,
      ...(negated && verb === 'obtain' ? mentions.map(({ thing }) => thing) : []),
    ]),
  );
  return intents.flatMap((intent) => {
    if (intent.do === 'summarize' && unwanted.has('summary')) return [];
    if (intent.do === 'report' && unwanted.has('report')) return [];
    if (!('mentions' in intent) || intent.mentions.length === 0) return [intent];
    const mentions = intent.mentions.filter(({ thing }) => !unwanted.has(thing));
    return mentions.length > 0 ? [{ ...intent, mentions }] : [];
  });
}

/** The clauses in their own words, for refusals. */
function describe(clauses: readonly Clause[]): string {
  return clauses
    .map(({ word, mentions, sources }) =>
      [word, ...mentions.map((mention) => mention.word), ...sources.map(({ label }) => label)]
        .filter(Boolean)
        .join(' '),
    )
    .filter(Boolean)
    .join('; ');
}
