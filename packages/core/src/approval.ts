import type { Json } from './json.ts';

/** `step`: may it start? `review`: its outcome is unknown; may it run again? */
export type ApprovalKind = 'step' | 'review';

export const decisions = ['approve', 'reject'] as const;
export type Decision = (typeof decisions)[number];

/** A recorded human decision about one step with exactly one input. Decided once. */
export interface Approval {
  readonly id: string;
  readonly tenant: string;
  readonly runId: string;
  readonly stepKey: string;
  readonly kind: ApprovalKind;
  readonly reason: string;
  readonly skill: string;
  /** The resolved input as it will be sent. */
  readonly input: Json;
  readonly inputHash: string;
  readonly createdAt: Date;
  readonly decided?: {
    readonly decision: Decision;
    readonly by: string;
    readonly at: Date;
    readonly comment?: string;
  };
}
