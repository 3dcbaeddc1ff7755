import type { Override } from './compress.ts';
import type { DrillStack } from './stack.ts';

export type Severity = 'critical' | 'warning' | 'none';

/** How the fault of one alert is made for real, and how it ends. */
export interface Drill {
  readonly alert: string;
  readonly severity: Severity;
  /** Which rule, when several have the name. */
  readonly labels?: Readonly<Record<string, string>>;
  /** What is broken, in a sentence. */
  readonly fault: string;
  /** How long to wait for it to fire; 2 minutes when left out. */
  readonly firingMs?: number;
  /** Workers to begin with; 1 when left out. */
  readonly workers?: number;
  /** Settings of the services. */
  readonly env?: Readonly<Record<string, string>>;
  /** Settings of PostgreSQL. */
  readonly postgres?: Readonly<Record<string, string>>;
  readonly overrides?: readonly Override[];
  /** What there must be before the stack; returns settings of its services. */
  prepare?(ends: AsyncDisposableStack): Readonly<Record<string, string>>;
  breakIt(stack: DrillStack): Promise<void>;
  /** Careful acts of the runbook that are confirmed, by id; others that need no care are all confirmed. */
  readonly confirm?: readonly string[];
  /** What no act of the runbook can do: the outside gets well, or a person does what the page says. It comes first. */
  readonly mend?: {
    readonly what: string;
    perform(stack: DrillStack): Promise<void>;
  };
  /** Variables of the runbook. */
  readonly variables?: Readonly<Record<string, string>>;
  /** The page is served by what is broken: it is opened once that is back. */
  readonly pageIsBroken?: boolean;
}

export type Phase =
  'silent' | 'broken' | 'firing' | 'told' | 'page' | 'mended' | 'runbook' | 'over';

export interface PhaseReport {
  readonly phase: Phase;
  readonly seconds: number;
  readonly detail: string;
}

export interface DrillReport {
  readonly alert: string;
  readonly severity: Severity;
  readonly fault: string;
  readonly overrides: readonly Override[];
  readonly phases: readonly PhaseReport[];
  readonly seconds: number;
  /** Why it failed. */
  readonly failure?: string;
}
