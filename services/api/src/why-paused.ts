import { pauseOfRun, pauseOfSkill, type Pause } from '@aos/core';
import type { WhyReason } from '@aos/sdk';
import type { runs } from '@aos/store';

/** Who put the run to rest, and by which switch. Empty when nobody did. */
export function pausedReasons(
  { run, pauseRequestedBy, pausedSkills }: runs.RunView,
  pauses: readonly Pause[],
): WhyReason[] {
  const reasons: WhyReason[] = [];
  const running = run.state.status === 'running';
  if (run.pauseRequestedAt) {
    const since = run.pauseRequestedAt.toISOString();
    const by = pauseRequestedBy ?? 'somebody';
    const rests = running ? 'it rests from its next step boundary on' : 'it rests until resumed';
    reasons.push({ code: 'paused', detail: `${by} paused the run; ${rests}.`, since, by });
  }
  const pause = pauseOfRun(pauses, run);
  if (pause) reasons.push(reasonOf('paused', pause));
  for (const skill of pausedSkills ?? []) {
    const held = pauseOfSkill(pauses, run.tenant, skill);
    if (held) reasons.push(reasonOf('skill_paused', held));
  }
  if (reasons.length === 0 && isResting(run.state)) {
    reasons.push({ code: 'paused', detail: 'Nothing holds it any more; it is sent on shortly.' });
  }
  return reasons;
}

function isResting(state: runs.RunView['run']['state']): boolean {
  return state.status === 'waiting' && state.waitingFor === 'pause';
}

function reasonOf(code: 'paused' | 'skill_paused', pause: Pause): WhyReason {
  const { scope, name, by, reason, since } = pause;
  const what = scope === 'everything' ? scope : `the ${scope} ${name}`;
  const detail = `${by} paused ${what}: ${reason}`;
  return { code, detail, since: since.toISOString(), by };
}
