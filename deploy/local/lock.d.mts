export type LockAttempt =
  { readonly taken: true; release(): void } | { readonly taken: false; readonly pid: number };
export function takeLock(file: string): LockAttempt;
export function startOf(pid: number): string;
