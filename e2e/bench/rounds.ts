import { compare, skipped, type Row } from './row.ts';

/** One that is measured: AOS, or a reference. */
export interface Side<T> {
  readonly name: string;
  /** What must be known to read its numbers. */
  readonly note?: string;
  take(): Promise<T>;
}

export interface Results<T> {
  /** The first side is the one that the others are references of. */
  readonly sides: readonly Side<T>[];
  readonly samples: ReadonlyMap<string, readonly T[]>;
  /** Why a side has no numbers. */
  readonly failed: ReadonlyMap<string, string>;
}

/** A B, B A, A B …: what drifts, drifts for all. A side that fails drops out. */
export async function interleave<T>(
  sides: readonly Side<T>[],
  options: {
    readonly rounds: number;
    readonly tell: (sample: T) => string;
    readonly say: (line: string) => void;
  },
): Promise<Results<T>> {
  const { rounds, tell, say } = options;
  const samples = new Map<string, T[]>(sides.map(({ name }) => [name, []]));
  const failed = new Map<string, string>();
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
      if (failed.has(side.name)) continue;
      try {
        const sample = await side.take();
        samples.get(side.name)?.push(sample);
        say(`  round ${round + 1}: ${side.name}: ${tell(sample)}`);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        failed.set(side.name, why);
        say(`  round ${round + 1}: ${side.name} failed: ${why}`);
      }
    }
  }
  return { sides, samples, failed };
}

/** A number that is read off every sample. */
export interface Reading<T> {
  readonly measure: string;
  readonly unit: string;
  readonly value: (sample: T) => number;
}

/** Every reading of the first side against every other side; a side that dropped out has one row that says why. */
export function rowsOf<T>(
  { sides, samples, failed }: Results<T>,
  name: string,
  readings: readonly Reading<T>[],
): Row[] {
  const [own, ...references] = sides;
  if (!own) return [];
  return references.flatMap((reference) => {
    const why = failed.get(own.name) ?? failed.get(reference.name);
    if (why !== undefined) return [skipped(name, reference.name, why)];
    const { note } = reference;
    return readings.map(({ measure, unit, value }) =>
      compare({
        measure: `${name}.${measure}`,
        unit,
        reference: reference.name,
        values: (samples.get(own.name) ?? []).map(value),
        referenceValues: (samples.get(reference.name) ?? []).map(value),
        ...(note !== undefined && { note }),
      }),
    );
  });
}
