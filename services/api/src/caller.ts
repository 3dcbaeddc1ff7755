/** Who asks, from the verified key alone. */
export interface Caller {
  readonly keyId: string;
  readonly tenant: string;
  readonly name: string;
  readonly scopes: readonly string[];
}
