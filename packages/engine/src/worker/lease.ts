import type { Renewal, LeaseTimes, Timekeeper } from './worker-ports.ts';

/** The right of a worker to its runs, as long as it can show that it lives. */
export interface Lease {
  /** Fires when others may take the runs: nothing may be begun or written from then on. */
  readonly lost: AbortSignal;
  /** Out of turn. */
  renew(): void;
  lose(): void;
  /** Loses it now when that is due: after a freeze, other timers may be quicker than ours. */
  check(): void;
}

export interface LeaseOptions {
  readonly time: Timekeeper;
  readonly times: LeaseTimes;
  /** By the local monotonic clock, the moment before the lease was asked for. */
  readonly askedAt: number;
  readonly renewal: () => Promise<Renewal>;
  readonly onRenewal: (renewal: Renewal, sentAt: number) => void;
}

/** Renews the lease until it is lost, and loses it by the local clock before others may take it. */
export function keepLease(options: LeaseOptions): Lease {
  const { time, times } = options;
  const lost = new AbortController();
  const lose = () => {
    if (!lost.signal.aborted) lost.abort('lost');
  };
  // Counted from when the renewal was sent: never too late.
  let renewedAt = options.askedAt;
  const renew = async () => {
    const sentAt = time.monotonicMs();
    try {
      const renewal = await options.renewal();
      if (lost.signal.aborted) return;
      if (!renewal.held) return lose();
      renewedAt = Math.max(renewedAt, sentAt);
      options.onRenewal(renewal, sentAt);
    } catch {
      // The next one may get through; if none does, the fence falls.
    }
  };
  const renewals = async () => {
    while (!lost.signal.aborted) {
      await time.sleep(times.renewEveryMs, lost.signal);
      if (!lost.signal.aborted) void renew();
    }
  };
  const leftMs = () => times.leaseMs - times.marginMs - (time.monotonicMs() - renewedAt);
  const check = () => {
    if (leftMs() <= 0) lose();
  };
  const fence = async () => {
    while (!lost.signal.aborted) {
      await time.sleep(leftMs(), lost.signal);
      check();
    }
  };
  void renewals();
  void fence();
  return { lost: lost.signal, renew: () => void renew(), lose, check };
}
