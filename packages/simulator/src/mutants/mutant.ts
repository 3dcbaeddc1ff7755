/** A mistake that somebody might make in the real source, and what must notice it. */
export interface Mutant {
  readonly name: string;
  /** From the root of the workspace. */
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /**
   * `conformance`: the case of the suite that fails on PostgreSQL, by the beginning of its name. `unit`: a
   * file of tests, for what the simulator meets too seldom.
   */
  readonly killedBy: 'simulator' | { readonly conformance: string } | { readonly unit: string };
}
