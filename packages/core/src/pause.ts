/** What a pause can put to rest. `everything` and, by the operator, `skill` hold for all tenants. */
export const pauseScopes = ['everything', 'tenant', 'agent', 'skill'] as const;
export type PauseScope = (typeof pauseScopes)[number];

/** A kill switch in force: runs it covers go to rest at their next step boundary, and begin nothing. */
export interface Pause {
  readonly id: string;
  /** Whose it is; with `allTenants` it holds for the others too. */
  readonly tenant: string;
  readonly scope: PauseScope;
  /** Of the tenant, agent or skill; empty for everything. */
  readonly name: string;
  readonly allTenants: boolean;
  readonly reason: string;
  readonly by: string;
  readonly since: Date;
}

/** The first pause that holds the whole run back, the widest first. */
export function pauseOfRun(
  pauses: readonly Pause[],
  run: { readonly tenant: string; readonly agent: string },
): Pause | undefined {
  const by = (scope: PauseScope) =>
    pauses.find((pause) => pause.scope === scope && covers(pause, run));
  return by('everything') ?? by('tenant') ?? by('agent');
}

/** The pause that keeps steps with this skill from starting. */
export function pauseOfSkill(
  pauses: readonly Pause[],
  tenant: string,
  skill: string,
): Pause | undefined {
  return pauses.find(
    (pause) =>
      pause.scope === 'skill' &&
      pause.name === skill &&
      (pause.allTenants || pause.tenant === tenant),
  );
}

function covers(pause: Pause, run: { readonly tenant: string; readonly agent: string }): boolean {
  switch (pause.scope) {
    case 'everything':
      return true;
    case 'tenant':
      return pause.name === run.tenant;
    case 'agent':
      return pause.tenant === run.tenant && pause.name === run.agent;
    case 'skill':
      return false;
  }
}
