import type { Narrow } from './clause.ts';
import { refusal } from './refuse.ts';
import type { Form } from './value.ts';

/** Fields a list can be sorted by; a list without a row takes any field. */
const fields: Partial<Record<Form, readonly string[]>> = {
  headings: ['text', 'level'],
  links: ['text', 'url'],
  tables: ['caption'],
};
const LISTS = new Set<Form>(['headings', 'links', 'tables', 'rows', 'result']);

const TAKE_MAX = 10_000;

export interface Expression {
  /** JSONata over the list. */
  readonly text: string;
  /** What the step is called. */
  readonly stepName: string;
}

/**
 * JSONata that leaves of a list what is meant. Every stage stands in brackets, so that a list of one
 * or none stays a list.
 */
export function narrowExpression(narrow: Narrow, form: Form): Expression {
  const { levels, contains, unique, sort, take } = narrow;
  if (!LISTS.has(form)) {
    throw refusal(`The ${form} is no list, so there is nothing to filter, sort or limit in it.`);
  }
  let text = '$';
  let stepName = 'filter';
  if (levels) {
    if (form !== 'headings') throw refusal(`Only headings have levels, not the ${form}.`);
    text = `[${text}[level in [${[...new Set(levels)].join(', ')}]]]`;
  }
  if (contains !== undefined) {
    text = `[${text}[${containing(contains.toLowerCase(), form)}]]`;
  }
  if (unique) {
    text =
      form === 'links'
        ? `[$each(${text} {url: $[0]}, function($link) { $link })]`
        : `[$distinct(${text})]`;
    stepName = 'unique';
  }
  if (sort) {
    text = sorted(text, sort, form);
    stepName = 'sort';
  }
  if (take) {
    const range = take.from === 'start' ? `0..${take.count - 1}` : `-${take.count}..-1`;
    if (take.count < 1 || take.count > TAKE_MAX) {
      throw refusal(`The goal asks for ${take.count} of a list; 1 to ${TAKE_MAX} can be had.`);
    }
    text = `[${text}[[${range}]]]`;
    stepName = sort || unique ? stepName : take.from === 'start' ? 'first' : 'last';
  }
  return { text, stepName: levels || contains !== undefined ? 'filter' : stepName };
}

function containing(sought: string, form: Form): string {
  const written: Partial<Record<Form, string>> = { headings: 'text', links: 'text & " " & url' };
  const text = written[form];
  if (text !== undefined) return `$contains($lowercase(${text}), ${JSON.stringify(sought)})`;
  // Rows are searched as JSON, where a quotation mark is escaped.
  const escaped = JSON.stringify(JSON.stringify(sought).slice(1, -1));
  return `$contains($lowercase($string($)), ${escaped})`;
}

function sorted(list: string, sort: NonNullable<Narrow['sort']>, form: Form): string {
  const allowed = fields[form];
  const by = sort.by ?? allowed?.[0];
  if (sort.by === undefined && sort.descending && !allowed) return `[$reverse(${list})]`;
  if (by === undefined || (allowed && !allowed.includes(by))) {
    const choice = allowed ? `: ${allowed.join(' or ')}` : ', the name of a column';
    throw refusal(`The goal does not say by which field to sort the ${form}${choice}.`);
  }
  const field = /^[A-Za-z_]\w*$/.test(by) ? by : `\`${by.replaceAll('`', '')}\``;
  const sign = sort.descending ? '<' : '>';
  return `[$sort(${list}, function($a, $b) { $a.${field} ${sign} $b.${field} })]`;
}
