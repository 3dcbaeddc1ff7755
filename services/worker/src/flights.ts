/** What is being sent at this moment, counted by where it goes. */
export interface Flights {
  readonly count: number;
  readonly byTarget: ReadonlyMap<string, number>;
  begin(target: string, flight: Promise<void>): void;
  /** Resolves once all of those that are under way have ended. */
  landed(): Promise<void>;
}

/** `onLanded` is called after each of them; a flight must not reject. */
export function createFlights(onLanded: () => void): Flights {
  const byTarget = new Map<string, number>();
  const flights = new Set<Promise<void>>();
  const land = (target: string, flight: Promise<void>): void => {
    flights.delete(flight);
    const left = (byTarget.get(target) ?? 1) - 1;
    if (left > 0) byTarget.set(target, left);
    else byTarget.delete(target);
    onLanded();
  };
  return {
    get count() {
      return flights.size;
    },
    byTarget,
    begin(target, flight) {
      byTarget.set(target, (byTarget.get(target) ?? 0) + 1);
      flights.add(flight);
      void flight.finally(() => land(target, flight));
    },
    async landed() {
      await Promise.all(flights);
    },
  };
}
