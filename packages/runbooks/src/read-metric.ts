const SELECTOR = /^([a-zA-Z_:][\w:]*)(?:\{([^}]*)\})?$/;
const LABEL = /\s*([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)/gy;

interface Selector {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
}

/** `name{label="value"}`. Throws a TypeError when it is none. */
export function parseSelector(text: string): Selector {
  const [, name, matchers = ''] = SELECTOR.exec(text.trim()) ?? [];
  const labels = labelsOf(matchers);
  if (name === undefined || !labels)
    throw new TypeError(`"${text}" is no metric: name{label="value"}.`);
  return { name, labels };
}

/** The sum of all series that match, in the text of a scrape; null when there is none. */
export function readMetric(exposition: string, selector: string): number | null {
  const { name, labels } = parseSelector(selector);
  let sum: number | null = null;
  for (const line of exposition.split('\n')) {
    if (!line.startsWith(name)) continue;
    const [, found, matchers = '', value = ''] =
      /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/.exec(line) ?? [];
    const own = labelsOf(matchers);
    if (found !== name || ![...labels].every(([label, wanted]) => own?.get(label) === wanted))
      continue;
    sum = (sum ?? 0) + Number(value);
  }
  return sum;
}

function labelsOf(text: string): ReadonlyMap<string, string> | undefined {
  const labels = new Map<string, string>();
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, label, value] = LABEL.exec(text) ?? [];
    if (label === undefined || value === undefined) return undefined;
    labels.set(
      label,
      value.replaceAll(/\\(.)/g, (_, sign: string) => (sign === 'n' ? '\n' : sign)),
    );
  }
  return labels;
}
