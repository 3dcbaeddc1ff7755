/** What a verb asks for. `model` and `outside` are understood so that the refusal can say why. */
export type Verb =
  | 'fetch'
  | 'obtain'
  | 'count'
  | 'narrow'
  | 'transform'
  | 'summarize'
  | 'save'
  | 'report'
  | 'make'
  | 'query'
  | 'post'
  | 'model'
  | 'outside';

/** Parts of a page that `html_extract` returns under the same names. */
export const parts = ['headings', 'links', 'tables', 'text', 'title', 'meta'] as const;
export type Part = (typeof parts)[number];

/** What a goal can speak of. `it` is the last result, `all` every result so far. */
export type Thing =
  | Part
  | 'page'
  | 'json'
  | 'summary'
  | 'rows'
  | 'count'
  | 'report'
  | 'file'
  | 'it'
  | 'all'
  | 'result';

/** Words that steer the reading of their neighbours. */
export type Role =
  | 'determiner'
  | 'preposition'
  | 'and'
  | 'next'
  | 'to'
  | 'not'
  | 'each'
  | 'first'
  | 'last'
  | 'unique'
  | 'sorted'
  | 'by'
  | 'descending'
  | 'level'
  | 'containing'
  | 'titled'
  | 'sentence'
  | 'number of'
  | 'because'
  | 'filler';

const verbs: Readonly<Record<Verb, string>> = {
  fetch:
    'fetch download load visit open scrape crawl retrieve pull grab browse access request curl read use look.at go.to navigate.to',
  obtain:
    'get obtain acquire extract list find collect show give return print display gather identify select output provide tell which what what.is what.are where.are see pick include',
  count: 'count tally how.many',
  narrow: 'sort order dedupe deduplicate dedup keep take limit filter restrict reverse',
  transform: 'transform map convert reshape apply',
  summarize: 'summarize summarise condense recap sum.up boil.down tldr tl;dr',
  save: 'save store persist export dump write',
  report: 'report',
  make: 'make create produce generate prepare compile build',
  query: 'query run execute',
  post: 'post',
  model:
    'answer explain describe translate rewrite classify categorize categorise analyze analyse compare contrast evaluate paraphrase rephrase recommend suggest interpret critique assess discuss judge rank who why when does what.does what.do what.did how.does how.do how.is how.to is.it',
  outside: 'notify send email mail message alert slack sms ping inform tweet publish remind',
};

const nouns: Readonly<Record<Thing, string>> = {
  headings:
    'heading headings subheading subheadings headline headlines header headers h1 h2 h3 h4 h5 h6 h1s h2s h3s h4s h5s h6s section.title section.titles section.heading section.headings chapter.titles outline table.of.contents',
  links: 'link links hyperlink hyperlinks anchor anchors url urls href hrefs',
  tables: 'table tables',
  text: 'text texts content contents body paragraph paragraphs prose',
  title: 'title titles page.title page.titles title.tag',
  meta: 'meta metadata meta.tag meta.tags meta.data meta.description',
  page: 'page pages site sites website websites webpage webpages homepage homepages article articles document documents html markup source.code web.page web.pages web.site home.page front.page landing.page start.page blog.post source sources address addresses',
  json: 'json',
  summary: 'summary summaries gist overview digest synopsis',
  rows: 'row rows record records',
  report: 'report',
  file: 'file files',
  it: 'it them they this these that those',
  all: 'all both everything anything nothing',
  count: 'counts total totals',
  result: 'result results output outcome data query.result query.results response responses',
};

const roles: Readonly<Record<Role, string>> = {
  determiner:
    'all.of both.of some.of any.of one.of a an the my your our this these that those some every all any other its their both',
  preposition: 'of from at on in into for with within inside over per via as about under off',
  and: 'and or also plus & but as.well.as together.with along.with',
  next: 'then next finally afterwards after.that lastly subsequently and.then once.done',
  to: 'to please you me us i just now',
  not: "not don't dont never avoid no without except excluding skip omit",
  each: 'each separately individually respectively per.page for.each each.of',
  first: 'first top',
  last: 'last',
  unique: 'unique distinct deduplicated different',
  sorted: 'sorted ordered alphabetically in.alphabetical.order',
  by: 'by',
  descending: 'descending desc in.reverse.order in.descending.order reversed backwards',
  level: 'level',
  containing: 'containing contain contains that.contain that.contains mentioning matching',
  titled: 'titled called named entitled with.the.title with.title',
  sentence: 'sentence sentences',
  'number of': 'number.of',
  because: 'because since so.that so.i',
  filler:
    "is are was were be been there here we can could would will should shall want wants need needs like d let lets let's i'd i'll hello hi hey thanks thank kindly simply only whole full entire complete main following web internet online found located given current short brief concise briefly quick quickly nice plain simple available visible present some so up down out ascending asc do it's have has having contained using starting few well together combined instead list lists at.most no.more.than up.to plain.text",
};

export interface Meaning {
  readonly verb?: Verb;
  readonly thing?: Thing;
  readonly role?: Role;
  /** `extracted`: after a determiner it is an adjective and asks nothing. */
  readonly participle?: boolean;
}

/** Verbs of which only the bare form is one: `maps`, `takes` and the like are rarely meant so. */
const NO_FORMS = new Set('which what out who why when does sms tldr digest'.split(' '));

const meanings = collect();
const PHRASE_WORDS_MAX = 4;

export function meaningOf(lower: string): Meaning | undefined {
  return meanings.get(lower);
}

export function isKnown(lower: string): boolean {
  return meanings.has(lower) || NUMBERS.has(lower);
}

/** The longest phrase that starts at a place of a list of words: its text and length. */
export function phraseAt(words: readonly string[]): { phrase: string; length: number } | undefined {
  for (let length = Math.min(PHRASE_WORDS_MAX, words.length); length > 1; length--) {
    const phrase = words.slice(0, length).join('.');
    if (meanings.has(phrase)) return { phrase, length };
  }
  return undefined;
}

const NUMBERS: ReadonlyMap<string, number> = new Map(
  'one two three four five six seven eight nine ten'
    .split(' ')
    .map((word, index) => [word, index + 1] as const),
);

export function numberOf(lower: string): number | undefined {
  return lower === 'single' ? 1 : lower === 'couple' ? 2 : NUMBERS.get(lower);
}

function collect(): ReadonlyMap<string, Meaning> {
  const found = new Map<string, Meaning>();
  const add = (word: string, meaning: Meaning) => {
    found.set(word, { ...meaning, ...found.get(word) });
  };
  for (const [verb, bases] of Object.entries(verbs) as [Verb, string][]) {
    for (const base of bases.split(' ')) {
      add(base, { verb });
      if (!/^[a-z]{3,}$/.test(base) || NO_FORMS.has(base)) continue;
      for (const form of formsOf(base)) {
        add(form, { verb, ...(form.endsWith('ed') && { participle: true }) });
      }
    }
  }
  for (const [thing, words] of Object.entries(nouns) as [Thing, string][]) {
    for (const word of words.split(' ')) add(word, { thing });
  }
  for (const [role, words] of Object.entries(roles) as [Role, string][]) {
    for (const word of words.split(' ')) add(word, { role });
  }
  return found;
}

function formsOf(base: string): readonly string[] {
  const stem = base.endsWith('e') ? base.slice(0, -1) : base;
  const doubled = /^(?:get|map|dedup|run|grab|scrap)$/.test(base) ? base + base.at(-1) : stem;
  return [`${base}s`, `${base}es`, `${doubled}ing`, `${doubled}ed`, `${stem.replace(/y$/, 'i')}ed`];
}
