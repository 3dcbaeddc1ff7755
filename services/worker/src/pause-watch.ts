import { pauseOfRun, pauseOfSkill, type ClaimedRun, type Pause } from '@aos/core';
import { pauses, type Db } from '@aos/store';

export type PausedRuns = readonly { readonly uuid: string; readonly by: string }[];

/** What is paused, as this worker knows it: at most a second old, and told at once when it changes. */
export interface PauseWatch {
  readonly list: () => readonly Pause[];
  /** Who has put the run to rest. */
  pausedBy(runUuid: string, run: ClaimedRun): string | undefined;
  isSkillPaused(tenant: string, skill: string): boolean;
  /** Runs of this worker that were paused one by one. */
  readonly setRuns: (runs: PausedRuns) => void;
  /** Something has changed. */
  refresh(): Promise<void>;
  stop(): void;
}

const REFRESH_EVERY_MS = 1_000;

/** Knows nothing before the first `refresh`. */
export function watchPauses(db: Db, onError: (error: unknown) => void): PauseWatch {
  let known: readonly Pause[] = [];
  let runs = new Map<string, string>();
  let asked = 0;
  const refresh = async (): Promise<void> => {
    const nth = ++asked;
    try {
      const read = await pauses.all(db);
      // Of two readings under way the one that began later counts.
      if (nth === asked) known = read;
    } catch (error) {
      onError(error);
    }
  };
  const timer = setInterval(() => void refresh(), REFRESH_EVERY_MS).unref();
  return {
    list: () => known,
    pausedBy: (uuid, { tenant, agent }) =>
      runs.get(uuid) ?? pauseOfRun(known, { tenant, agent: agent.name })?.by,
    isSkillPaused: (tenant, skill) => pauseOfSkill(known, tenant, skill) !== undefined,
    setRuns(paused) {
      runs = new Map(paused.map(({ uuid, by }) => [uuid, by]));
    },
    refresh,
    stop: () => clearInterval(timer),
  };
}
