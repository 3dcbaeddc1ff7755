/** What a step reads, and how an act ended: a number, a text, a yes or no, or that there is none. */
export type Value = number | string | boolean | null;

/** Where a value comes from. */
export type Source =
  /** The API's own /metrics: a name, and label matchers that are equalities. */
  | { readonly kind: 'metric'; readonly selector: string }
  /** A route of the API; `pick` walks into the answer, as in `items.0.id` or `items.length`. */
  | { readonly kind: 'get'; readonly path: string; readonly pick: string | undefined }
  /** An expression for Prometheus, where one is configured. */
  | { readonly kind: 'promql'; readonly query: string };

interface StepBase {
  readonly id: string;
  /** One sentence for whoever walks it. */
  readonly say: string;
  /** Where the block stands in the page. */
  readonly line: number;
}

export interface ReadStep extends StepBase {
  readonly kind: 'read';
  readonly source: Source;
}

/** The id of a later step, or one of `endings`. */
export type Goto = string;

export const endings = ['next', 'resolved', 'unresolved'] as const;

export interface DecideStep extends StepBase {
  readonly kind: 'decide';
  readonly condition: string;
  readonly goto: Goto;
  readonly else: Goto;
  /** Where to go when a value could not be read. */
  readonly unknown: Goto;
}

export type Act =
  | {
      readonly kind: 'call';
      readonly method: 'POST' | 'PUT' | 'DELETE';
      readonly path: string;
      readonly body: unknown;
      /** What the key needs, as the API's document says. */
      readonly scope: string;
    }
  /** To be pasted; executed only when that is allowed. No shell reads it. */
  | { readonly kind: 'command'; readonly words: readonly string[]; readonly background: boolean };

export interface ActStep extends StepBase {
  readonly kind: 'act';
  readonly act: Act;
  /** What it touches, and how far that reaches. */
  readonly radius: string;
  /** Wrong unless a person judged it: what agrees to everything does not agree to this. */
  readonly careful: boolean;
}

/** Reads again and again until the condition holds or the time is over. */
export interface VerifyStep extends StepBase {
  readonly kind: 'verify';
  readonly source: Source;
  /** Speaks of the value by the id of this step. */
  readonly until: string;
  readonly withinMs: number;
  readonly everyMs: number;
  /** Where to go when the time is over. */
  readonly else: Goto;
}

export type Step = ReadStep | DecideStep | ActStep | VerifyStep;

export interface Variable {
  readonly about: string;
  /** Without one it must be given. */
  readonly default: string | undefined;
}

export interface Runbook {
  /** Of the file, without `.md`: the name of the alert, or of a procedure. */
  readonly name: string;
  readonly title: string;
  readonly variables: Readonly<Record<string, Variable>>;
  readonly steps: readonly Step[];
  /** The page without its front matter. */
  readonly markdown: string;
}
