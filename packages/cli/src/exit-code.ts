/** What the process tells its caller. A promise to scripts: a change of a number breaks them. */
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
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
