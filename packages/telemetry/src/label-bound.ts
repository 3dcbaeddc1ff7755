/** More values of one label than this are a mistake: every value is a time series that lives for weeks. */
const VALUES_MAX = 200;
const VALUE_CHARS_MAX = 100;

export type BoundLabels = (labels: Readonly<Record<string, string>>) => Record<string, string>;

/** For one metric: label values after the first 200 become `other`. */
export function createLabelBound(): BoundLabels {
  const seen = new Map<string, Set<string>>();
  const boundValue = (label: string, text: string): string => {
    const values = seen.get(label) ?? new Set();
    seen.set(label, values);
    const value = text.slice(0, VALUE_CHARS_MAX);
    if (!values.has(value) && values.size >= VALUES_MAX) return 'other';
    values.add(value);
    return value;
  };
  return (labels) =>
    Object.fromEntries(
      Object.entries(labels).map(([label, value]) => [label, boundValue(label, value)]),
    );
}
