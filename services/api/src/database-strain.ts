/** How long the database takes to store a run, as a moving average of the last seconds. */
export interface DatabaseStrain {
  /** A run was stored, after so long. */
  stored(ms: number): void;
  /** A probe was sent, and answered: so that silence is noticed, and the end of a strain. */
  asked(at: number): void;
  answered(at: number): void;
  /** Once a second. */
  tick(at: number): void;
  latencyMs(): number;
}

/** What a second weighs against all before it: after four of them 94 % is new. */
const NEW_PART = 0.5;

export function createDatabaseStrain(): DatabaseStrain {
  let latencyMs = 0;
  let sum = 0;
  let count = 0;
  let askedAt: number | undefined;
  const add = (ms: number): void => {
    sum += ms;
    count++;
  };
  return {
    stored: add,
    asked(at) {
      askedAt = at;
    },
    answered(at) {
      if (askedAt !== undefined) add(at - askedAt);
      askedAt = undefined;
    },
    tick(at) {
      // A probe that is not back yet has taken this long already.
      if (askedAt !== undefined) add(at - askedAt);
      if (count > 0) latencyMs += NEW_PART * (sum / count - latencyMs);
      sum = 0;
      count = 0;
    },
    latencyMs: () => latencyMs,
  };
}
