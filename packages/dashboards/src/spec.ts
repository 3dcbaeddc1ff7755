/** What a dashboard shows, without how Grafana writes it down. */
export interface DashboardSpec {
  /** The name of its file, and of its page in Grafana with `nova-` before it. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly VariableSpec[];
  readonly rows: readonly { readonly title: string; readonly panels: readonly PanelSpec[] }[];
}

/** A choice at the head of the page: the values of a label of a metric. */
export interface VariableSpec {
  readonly name: string;
  readonly metric: string;
}

export interface PanelSpec {
  readonly kind: 'number' | 'graph' | 'table';
  readonly title: string;
  /** What it means and when to worry. */
  readonly description: string;
  readonly unit: Unit;
  readonly queries: readonly QuerySpec[];
  /** From where on it is yellow, and red. */
  readonly worry?: readonly [yellow: number, red: number];
  readonly stacked?: boolean;
  /** Of 24; numbers are 4 wide, graphs 8. */
  readonly width?: number;
}

export interface QuerySpec {
  readonly expr: string;
  /** How one line is called, with labels as `{{skill}}`. */
  readonly legend: string;
}

/** Units by the names of Grafana. */
export type Unit = 'short' | 's' | 'percentunit' | 'currencyUSD' | 'bytes' | 'ops' | 'reqps';

/** Shorthand for the parts that every panel has. */
type Rest = Omit<PanelSpec, 'kind' | 'title' | 'description' | 'queries'>;

export function number(
  title: string,
  description: string,
  expr: string,
  rest: Partial<Rest> = {},
): PanelSpec {
  return {
    kind: 'number',
    title,
    description,
    unit: 'short',
    queries: [{ expr, legend: '' }],
    ...rest,
  };
}

export function graph(
  title: string,
  description: string,
  queries: Readonly<Record<string, string>>,
  rest: Partial<Rest> = {},
): PanelSpec {
  return {
    kind: 'graph',
    title,
    description,
    unit: 'short',
    queries: Object.entries(queries).map(([legend, expr]) => ({ expr, legend })),
    ...rest,
  };
}

export function table(title: string, description: string, expr: string): PanelSpec {
  return {
    kind: 'table',
    title,
    description,
    unit: 'short',
    queries: [{ expr, legend: '' }],
    width: 24,
  };
}
