/**
 * What the process tells its caller. A promise to scripts: a change of a number breaks them. `check` alone
 * tells how many invariants are violated, from 0 to 69, so it has a code of its own for what else went wrong.
 */
export const exitCodes = {
  /** Done; of `run`, `watch` and `rerun`: the run succeeded. */
  ok: 0,
  /** The run failed or was cancelled. */
  runFailed: 1,
  /** The command cannot be done as it was asked: words, files, ids, bodies, states. */
  usage: 2,
  /** The API cannot be reached, or refuses this key. */
  unreachable: 3,
  /** A fault of this program. */
  fault: 70,
  /** Nothing was checked. */
  notChecked: 71,
  interrupted: 130,
} as const;

/** The most that `check` counts. */
export const VIOLATED_MAX = 69;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
