import type { Failure, JsonObject, SkillResult } from '@aos/core';

/** What steps reach outside, and whether it is out. Never throws, never rejects. */
export interface Targets {
  /** What a call would reach; undefined when nothing that can be out. Depends on the input alone. */
  of(skill: string, input: JsonObject): string | undefined;
  /** Whether steps may call it, as far as is known here. */
  isClear(target: string): boolean;
  /** Asks for leave to call it. `released`: when the step was let go after a wait for it. */
  enter(
    target: string,
    how: { readonly timeoutMs: number; readonly released?: Date },
  ): Leave | Promise<Leave>;
}

export type Leave =
  | {
      readonly may: 'call';
      /** Told once how the call ended; answers whether the target is out, which is then why it failed. */
      left(result: SkillResult): Outage | undefined | Promise<Outage | undefined>;
    }
  | { readonly may: 'wait'; readonly outage: Outage };

export interface Outage {
  readonly failure: Failure;
  /** When it is tried again, as far as anybody knows. */
  readonly until?: Date;
  /** It works, but those who waited for it come first. */
  readonly answersAgain?: boolean;
}

/** Nothing is ever out. */
export const alwaysClear: Targets = {
  of: () => undefined,
  isClear: () => true,
  enter: () => ({ may: 'call', left: () => undefined }),
};
