import { CLEAR, mayProbe, tryAgainAt, verdictOf, type Circuit } from '@aos/core';
import type { Leave, Outage, Targets } from '@aos/engine';
import type { SkillSet } from '@aos/skills';
import { targets, type Database } from '@aos/store';

import type { Ledger } from './ledger.ts';

/** What this worker knows of targets; nothing of those that are clear. */
export interface Known {
  circuit(id: targets.TargetId): Circuit | undefined;
  learn(id: targets.TargetId, circuit: Circuit): void;
}

export interface TargetParts {
  readonly known: Known;
  readonly ledger: Ledger;
  readonly database: Database;
  readonly skills: Pick<SkillSet, 'targetOf'>;
}

/** The port of the engine for one run. Asks the database only about what is out. */
export function targetsOf(
  { tenant, runId }: { readonly tenant: string; readonly runId: string },
  { known, ledger, database, skills }: TargetParts,
): Targets {
  const call = (id: targets.TargetId, isProbe: boolean): Leave => ({
    may: 'call',
    left(result) {
      const verdict = verdictOf(result);
      const failure = result.outcome === 'completed' ? undefined : result.failure;
      if (verdict === 'failed' && failure) {
        return ledger.failed(id, { runId, failure }, isProbe).then(outageOf, () => undefined);
      }
      if (isProbe) return ledger.probed(id, verdict).then(none, none);
      if (verdict === 'answered') ledger.answered(id);
      return undefined;
    },
  });
  const admit = async (
    id: targets.TargetId,
    circuit: Circuit,
    how: Parameters<Targets['enter']>[1],
  ): Promise<Leave> => {
    try {
      const admitted = await targets.admit(database, id, how);
      known.learn(id, admitted.circuit);
      return admitted.may === 'wait'
        ? waiting(admitted.circuit)
        : call(id, admitted.may === 'probe');
    } catch {
      // The database does not say: the step waits as far as is known.
      return waiting(circuit);
    }
  };
  return {
    of: (skill, input) => skills.targetOf(skill, input),
    isClear: (target) => known.circuit({ tenant, target }) === undefined,
    enter(target, how) {
      const id = { tenant, target };
      const circuit = known.circuit(id);
      // A ticket counts when it was given: only the database knows whether it still does.
      if (how.released) return admit(id, circuit ?? CLEAR, how);
      if (!circuit) return call(id, false);
      return mayProbe(circuit, new Date()) ? admit(id, circuit, how) : waiting(circuit);
    },
  };
}

function waiting(circuit: Circuit): Leave {
  const until = tryAgainAt(circuit);
  const failure = circuit.failure ?? { code: 'target_failed', detail: 'It does not answer.' };
  const answersAgain = circuit.state.kind === 'releasing';
  return { may: 'wait', outage: { failure, answersAgain, ...(until && { until }) } };
}

/** While it is being released it works: what fails then fails by itself. */
function outageOf(circuit: Circuit): Outage | undefined {
  if (circuit.state.kind === 'clear' || circuit.state.kind === 'releasing') return undefined;
  const leave = waiting(circuit);
  return leave.may === 'wait' ? leave.outage : undefined;
}

function none(): undefined {
  return undefined;
}
