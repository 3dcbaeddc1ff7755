import type { Clause, Mention, Narrow } from './clause.ts';
import { foldMentions, mention } from './fold-mentions.ts';
import type { Intent } from './intent.ts';
import { quoteList, refusal } from './refuse.ts';

/** What one clause asks for, in the order in which it is to be done. */
export function clauseIntents(clause: Clause): Intent[] {
  const intents = wishesOf(clause);
  const { sentences, joined } = clause;
  const sums = intents.some(
    (intent) =>
      intent.do === 'summarize' ||
      ('mentions' in intent && intent.mentions.some(({ thing }) => thing === 'summary')),
  );
  if (sentences !== undefined && !sums) {
    throw refusal(
      `Only a summary has ${sentences} sentences, and the goal asks for something else.`,
    );
  }
  return joined ? intents.map((intent) => ({ ...intent, joined })) : intents;
}

function wishesOf(clause: Clause): Intent[] {
  const { sources, each, verb, sql, code } = clause;
  const common = { sources, each };
  const mentions = foldMentions(clause);
  const before: Intent[] = sql === undefined ? [] : [{ ...common, do: 'query', sql }];
  if (sql !== undefined && verb !== 'save' && verb !== 'report') {
    return [...before, ...targeted(clause, [])];
  }
  if (verb === 'post') return [postOf(clause)];
  if (clause.json !== undefined) {
    throw refusal('The goal holds JSON, but does not say POST it to where.', '', POST_EXAMPLE);
  }
  if (code !== undefined) return transformOf(clause, mentions);
  switch (verb) {
    case 'count': {
      const counted = mentions.length > 0 ? mentions : [mention('it')];
      const all = counted.map((item) => ({ ...item, count: true }));
      return targeted(clause, [{ ...common, do: 'obtain', mentions: all }]);
    }
    case 'narrow':
      return targeted(clause, [narrowOf(clause, mentions)]);
    case 'transform':
      throw refusal(`“${clause.word}” needs an expression in backticks.`, '', TRANSFORM_EXAMPLE);
    case 'summarize':
      return targeted(clause, [summaryOf(clause, mentions)]);
    case 'save':
      return [...before, ...saveOf(clause, mentions)];
    case 'report':
      return [...before, reportOf(clause, mentions)];
    default:
      return targeted(clause, obtainOf(clause, mentions));
  }
}

const POST_EXAMPLE = 'POST {"name": "Ada"} to https://api.example.com/people.';
const TRANSFORM_EXAMPLE =
  'Fetch https://api.example.com/people.json and transform it with `people.name`.';

/** `get`, `list`, `make`, `fetch`, and clauses without a verb. */
function obtainOf(clause: Clause, mentions: readonly Mention[]): Intent[] {
  const { sources, each, verb, about, word } = clause;
  const common = { sources, each };
  const content = mentions.filter(({ thing }) => verb !== 'fetch' || !BARE.has(thing));
  if (content.length === 0) {
    if (about) return [summaryOf(clause, mentions)];
    const shows = SHOWING.test(word) && sources.length > 0;
    if (mentions.some(({ narrow }) => says(narrow))) {
      throw refusal(`“${word}” takes whole pages: say which part of the page is meant.`);
    }
    if (verb === 'fetch' || shows) return [{ ...common, do: 'visit', asked: true }];
    if (verb === undefined && sources.length > 0) return [{ ...common, do: 'visit', asked: false }];
    throw refusal(
      `The goal says ${quoteList([word])}, but not what: headings, links, tables, text, title or meta.`,
    );
  }
  const intents: Intent[] = [];
  const plain = content.filter(({ thing }) => thing !== 'summary' && thing !== 'report');
  if (plain.length > 0) intents.push({ ...common, do: 'obtain', mentions: plain });
  for (const item of content) {
    if (item.thing === 'summary') {
      // `the headings and a summary of the page`: the summary is not one of the headings.
      const of = item.of ?? (plain.length > 0 && sources.length > 0 ? [mention('page')] : []);
      intents.push(summaryOf(clause, of));
    }
    if (item.thing === 'report') {
      const written = reportOf(clause, item.of ?? []);
      // `the links of … in a report`: of what was just made.
      intents.push(plain.length > 0 ? { ...written, sources: [] } : written);
    }
  }
  return intents;
}

const SHOWING = /^(?:get|obtain|acquire|show|return|print|display|give|see|output)/;
const BARE = new Set<Mention['thing']>(['page', 'it', 'all', 'result']);

function summaryOf(clause: Clause, mentions: readonly Mention[]): Intent {
  const { sources, each, sentences } = clause;
  return {
    sources,
    each,
    do: 'summarize',
    mentions: mentions.flatMap((item) => (item.thing === 'summary' ? (item.of ?? []) : [item])),
    ...(sentences !== undefined && { sentences }),
  };
}

function reportOf(clause: Clause, mentions: readonly Mention[]): Intent {
  const { sources, each, title, format } = clause;
  return {
    sources,
    each,
    do: 'report',
    mentions: mentions.flatMap((item) => (item.thing === 'report' ? (item.of ?? []) : [item])),
    ...(title !== undefined && { title }),
    ...(clause.target !== undefined && { name: clause.target }),
    ...(format && { format }),
  };
}

function saveOf(clause: Clause, mentions: readonly Mention[]): Intent[] {
  const { sources, each, target, format, sentences, word } = clause;
  const head = mentions[0]?.thing;
  if (head === 'report') return [reportOf(clause, mentions)];
  if (word.startsWith('writ') && head === 'summary' && target === undefined) {
    return obtainOf(clause, mentions);
  }
  return [
    {
      sources,
      each,
      do: 'save',
      mentions,
      ...(target !== undefined && { name: target }),
      ...(format && { format }),
      ...(sentences !== undefined && { sentences }),
    },
  ];
}

/** `list the links of … into links.json`, `summarize … as a report`: what the clause says besides. */
function targeted(clause: Clause, intents: Intent[]): Intent[] {
  const { target, toFile, format, title, each } = clause;
  if (intents.some((intent) => intent.do === 'report')) return intents;
  if (target === undefined && !toFile) {
    if (title !== undefined) {
      throw refusal(
        `The goal gives the title ${quoteList([title])}, but only a report has a title.`,
      );
    }
    if (format === undefined || format === 'json') return intents;
    throw refusal(`The goal asks for ${format}, but for no file and no report to write it to.`);
  }
  const name = target === undefined ? {} : { name: target };
  const save: Intent = { sources: [], each, do: 'save', mentions: [], ...name };
  return [...intents, format ? { ...save, format } : save];
}

function narrowOf(clause: Clause, mentions: readonly Mention[]): Intent {
  const { sources, each, narrow, word } = clause;
  if (!says(narrow) && !mentions.some((item) => says(item.narrow))) {
    if (!/^(?:filter|limit|restrict)/.test(word)) return { sources, each, do: 'obtain', mentions };
    throw refusal(
      `“${word}” does not say by what.`,
      '',
      'Fetch https://example.com, extract the links, and filter them with `$[$contains(url, "docs")]`.',
    );
  }
  return { sources, each, do: 'narrow', mentions, narrow };
}

function says(narrow: Narrow): boolean {
  return Object.keys(narrow).length > 0;
}

function transformOf(clause: Clause, mentions: readonly Mention[]): Intent[] {
  const { sources, each, verb, code = '' } = clause;
  if (verb !== 'transform' && verb !== 'narrow' && verb !== 'obtain' && verb !== 'count') {
    throw refusal(`The goal does not say what ${quoteList([code])} is for.`, '', TRANSFORM_EXAMPLE);
  }
  return targeted(clause, [{ sources, each, do: 'transform', mentions, expression: code }]);
}

function postOf({ json, sources, each }: Clause): Intent {
  const [first] = sources;
  if (json === undefined || sources.length !== 1 || first?.kind !== 'page') {
    throw refusal('To POST, the goal must give the JSON and one address.', '', POST_EXAMPLE);
  }
  return { sources, each, do: 'post', json };
}
