import type { Clock, Control, Ending } from '../ports.ts';

/** Time as a worker's own machine counts it. What wall clocks show is nobody's business here. */
export interface Timekeeper {
  /** Milliseconds that only grow. */
  monotonicMs(): number;
  /** Ends early, without an error, when the signal fires. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Calls `then` once the time has passed, unless what it gives is called before. */
  after(ms: number, then: () => void): () => void;
}

/** A run in this worker's hands; whoever gave it out knows more of it. */
export interface Held {
  readonly uuid: string;
  readonly epoch: number;
}

export interface Renewal {
  /** False: the lease ran out and others may have the runs. */
  readonly held: boolean;
  /** Runs of this worker that somebody wants cancelled. */
  readonly cancelling: readonly { readonly uuid: string; readonly by: string }[];
  /** What the database's clock showed. */
  readonly at?: Date;
}

/** What is heard from outside during a life. */
export interface Ears {
  /** There is work. */
  readonly onWork: () => void;
  /** Somebody may want a run of ours cancelled. */
  readonly onCancel: () => void;
  /** The connection that shows we live is gone. */
  readonly onCut: () => void;
}

/** One life of a worker in the eyes of the store. Each call is one transaction. */
export interface Link<Claim extends Held> {
  readonly id: string;
  /** What the database's clock showed at the registration. */
  readonly at: Date;
  renew(): Promise<Renewal>;
  take(max: number): Promise<readonly Claim[]>;
  /** Everything that is held in the store's eyes. */
  holds(): Promise<readonly Held[]>;
  letGo(held: Held, pauseMs: number): Promise<void>;
  suspects(): Promise<readonly string[]>;
  rescue(dead: readonly string[]): Promise<readonly string[]>;
  dispatchForgotten(): Promise<number>;
  prune(): Promise<void>;
  stopping(): Promise<void>;
  stopped(): Promise<void>;
  /** The lease is gone: whatever has not been written is refused, and others are told by the silence. */
  cut(): void;
}

export interface WorkerPorts<Claim extends Held> {
  readonly time: Timekeeper;
  readonly slots: number;
  /** Why nothing more may be taken now; a worker with nothing in hand takes one run all the same. */
  readonly mayTake?: () => string | undefined;
  readonly lease: LeaseTimes;
  /** Registers under a new id, with a lock that a connection holds. */
  open(ears: Ears): Promise<Link<Claim>>;
  readonly advance: (life: Life<Claim>, claim: Claim, control: Control) => Promise<Ending>;
  readonly tell: (news: News) => void;
}

export interface LeaseTimes {
  /** A worker that does not renew for this long is dead. */
  readonly leaseMs: number;
  readonly renewEveryMs: number;
  /** By its own clock a worker stops this long before others may take its runs. */
  readonly marginMs: number;
}

export interface Life<Claim extends Held> {
  readonly link: Link<Claim>;
  /** Shows the time of the database, by this machine's own count. */
  readonly clock: Clock;
}

/** What a worker does that somebody should know of. */
export type News =
  | { readonly what: 'ready'; readonly id: string; readonly pool: PoolView }
  | { readonly what: 'not_ready'; readonly reason: string }
  | { readonly what: 'lease_lost'; readonly id: string }
  | { readonly what: 'rescued'; readonly workers: readonly string[]; readonly runs: number }
  | { readonly what: 'forgotten'; readonly runs: number }
  | { readonly what: 'strays'; readonly runs: number }
  | { readonly what: 'error'; readonly of: 'session' | 'work' | 'duty'; readonly error: unknown };

export interface PoolView {
  readonly inFlight: number;
}
