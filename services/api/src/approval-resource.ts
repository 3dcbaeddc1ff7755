import type { Approval } from '@aos/core';
import type { ApprovalResource } from '@aos/sdk';

export function approvalResource(approval: Approval): ApprovalResource {
  return {
    id: approval.id,
    runId: approval.runId,
    step: approval.stepKey,
    kind: approval.kind,
    reason: approval.reason,
    skill: approval.skill,
    input: approval.input,
    inputHash: approval.inputHash,
    createdAt: approval.createdAt.toISOString(),
    decided: approval.decided ? decisionResource(approval.decided) : null,
  };
}

export function decisionResource({
  decision,
  by,
  at,
  comment,
}: NonNullable<Approval['decided']>): NonNullable<ApprovalResource['decided']> {
  return { decision, by, at: at.toISOString(), ...(comment !== undefined && { comment }) };
}
