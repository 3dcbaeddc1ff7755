/** What must be true of every history. The table is closed: alert rules speak these names. */
export const invariants = {
  I1: 'No accepted run is lost: it is there, and whatever is not finished has somebody or something that drives it.',
  I2: 'One request makes one run.',
  I3: 'A run has exactly one end, and nothing comes after it.',
  I4: 'A completed step is never executed again, and its output never changes.',
  I5: 'A run has at most one live executor: epochs never fall, and each belongs to one worker.',
  I6: 'Intent comes before effect: whatever was done outside was announced in the journal.',
  I7: 'Effects are keyed: one key for a step, and at most one effect for a key.',
  I8: 'What is unknown is never guessed: an unkeyed step is repeated by a human decision alone.',
  I9: 'The journal has no gap, is only added to, and runs, steps, plans and counters follow from it.',
  I10: 'Consumers see every committed event, in order.',
  I11: 'What is told outside was committed, and what must be told is.',
  I12: 'Dead letters are conserved and can be brought back.',
  I13: 'A schedule makes at most one run an occurrence.',
  I14: 'Nothing of an earlier incarnation of the database is accepted.',
  I15: 'An approval is decided once, is about exactly what was shown, and comes before what it allows.',
  I16: 'No budget is overspent.',
  I17: 'A cancelled run begins nothing more, and ends.',
  I18: 'No run stays running past its deadline.',
  I19: 'What waits is bounded.',
  I20: 'Rows of one tenant are never part of another.',
  I21: 'Secrets do not leave.',
  I22: 'A step is executed by a worker that has its skill in that version.',
  I23: 'Everything stored can be stored and read again.',
  I24: 'Every incident raises its alert.',
} as const;

export type Invariant = keyof typeof invariants;

/** Invariants that no check here looks at, and why. */
export const unchecked: Partial<Record<Invariant, string>> = {
  I10: 'what consumers were handed is not stored: the tests of the log hold it',
  I11: 'what others received is not stored: the tests of webhooks hold it',
  I13: 'there are no schedules yet',
  I16: 'there are no budgets in money yet',
  I19: 'rows do not tell how long requests waited: the bench measures it',
  I21: 'secrets are not known here: the hostile tests plant them and look',
  I24: 'alerts are not in the database: the alert rules have tests of their own',
};

/** One place where a history breaks an invariant. */
export interface Violation {
  readonly invariant: Invariant;
  /** Absent when it is not about one run. */
  readonly run?: string;
  readonly evidence: string;
}
