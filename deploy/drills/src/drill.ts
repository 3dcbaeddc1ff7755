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
  /** Workers to begin with; 1 when left out. */
  readonly workers?: number;
  /** Settings of the services. */
  readonly env?: Readonly<Record<string, string>>;
  /** Settings of PostgreSQL. */
  readonly postgres?: Readonly<Record<string, string>>;
  readonly overrides?: readonly Override[];
  breakIt(stack: DrillStack): Promise<void>;
  /** What nobody of AOS can do: the outside world gets well. It happens before the runbook is walked. */
  readonly recovers?: {
    readonly what: string;
    perform(stack: DrillStack): Promise<void>;
  };
  /** For the runbook. */
  variables?(stack: DrillStack): Promise<Readonly<Record<string, string>>>;
  /** The page is served by what is broken: it is opened once that is back. */
  readonly pageIsBroken?: boolean;
  /** What must be true before anything is broken. */
  ready?(stack: DrillStack): Promise<void>;
}

export type Phase =
  | 'silent'
  | 'broken'
  | 'firing'
  | 'told'
  | 'page'
  | 'recovered'
  | 'runbook'
  | 'over';

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
