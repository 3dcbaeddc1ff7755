import { median, spread } from './statistics.ts';

/** One line of the table: what was measured, against what, in the same run. */
export interface Row {
  readonly measure: string;
  readonly value: number | null;
  readonly unit: string;
  readonly reference: string;
  readonly referenceValue: number | null;
  readonly ratio: number | null;
  /** Of the ratio over the rounds: ± this share. Absent when there was one round. */
  readonly noise?: number;
  readonly rounds: number;
  /** Why there is no value, or what must be known to read it. */
  readonly note?: string;
}

export interface Compared {
  readonly measure: string;
  readonly unit: string;
  readonly reference: string;
  /** One value a round; both lists in the order of the rounds. */
  readonly values: readonly number[];
  readonly referenceValues: readonly number[];
  readonly note?: string;
}

/**
 * The ratio is the median of the ratios of the rounds, not the ratio of the medians: what slowed a whole
 * round down, slowed both sides.
 */
export function compare(compared: Compared): Row {
  const { measure, unit, reference, values, referenceValues, note } = compared;
  const ratios = values.flatMap((value, round) => {
    const other = referenceValues[round];
    return other === undefined || other === 0 ? [] : [value / other];
  });
  return {
    measure,
    unit,
    reference,
    value: finite(median(values)),
    referenceValue: finite(median(referenceValues)),
    ratio: finite(median(ratios)),
    ...(ratios.length > 1 && { noise: spread(ratios) }),
    rounds: ratios.length,
    ...(note !== undefined && { note }),
  };
}

/** A measure that could not be taken says why. */
export function skipped(measure: string, reference: string, note: string): Row {
  const none = { value: null, unit: '', referenceValue: null, ratio: null, rounds: 0 };
  return { measure, reference, ...none, note };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
