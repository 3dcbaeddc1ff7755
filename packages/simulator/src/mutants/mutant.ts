/** A mistake that somebody might make in the real source, and what must notice it. */
export interface Mutant {
  readonly name: string;
  /** From the root of the workspace. */
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** `conformance`: the case of the suite, or the beginning of its name. */
  readonly killedBy: 'simulator' | { readonly conformance: string };
}
