import type { Circuit, Failure, Heard, Verdict } from '@aos/core';
import type { targets } from '@aos/store';

/**
 * What calls of this worker say of their targets. That they answered is only counted, in memory; that
 * one failed is told to all workers, with what was counted since the last time.
 */
export interface Ledger {
  answered(id: targets.TargetId): void;
  /** Gives what is known of the target after everybody has been told. */
  failed(
    id: targets.TargetId,
    how: { readonly runId: string; readonly failure: Failure },
    isProbe: boolean,
  ): Promise<Circuit>;
  probed(id: targets.TargetId, verdict: Verdict): Promise<Circuit>;
}

/** Answers older than this say nothing any more. */
const ANSWERS_MS = 10_000;
/** More targets than this at a time are forgotten: their next answers count again. */
const TARGETS_MAX = 10_000;

interface Page {
  answered: number;
  since: number;
  /** What was heard while the last telling was under way, told together. */
  next?: { failed: Heard['failed'][number][]; probe?: Verdict; told: Promise<Circuit> };
  telling?: Promise<unknown>;
}

export function createLedger(
  tell: (id: targets.TargetId, heard: Heard) => Promise<Circuit>,
  now: () => number = () => performance.now(),
): Ledger {
  const pages = new Map<string, Page>();
  const pageOf = ({ tenant, target }: targets.TargetId): Page => {
    const key = `${tenant} ${target}`;
    let page = pages.get(key);
    if (!page) {
      if (pages.size >= TARGETS_MAX) pages.clear();
      page = { answered: 0, since: now() };
      pages.set(key, page);
    }
    if (now() - page.since > ANSWERS_MS) Object.assign(page, { answered: 0, since: now() });
    return page;
  };

  const flush = async (id: targets.TargetId, page: Page): Promise<Circuit> => {
    await page.telling?.catch(() => {});
    const { failed = [], probe } = page.next ?? {};
    delete page.next;
    const { answered } = page;
    page.answered = 0;
    const telling = tell(id, { answered, failed, ...(probe && { probe }) });
    page.telling = telling;
    return telling;
  };
  /** One telling a target at a time: hundreds of failures at once are a handful of transactions. */
  const gather = (id: targets.TargetId): NonNullable<Page['next']> => {
    const page = pageOf(id);
    page.next ??= { failed: [], told: Promise.resolve().then(() => flush(id, page)) };
    return page.next;
  };

  return {
    answered: (id) => void pageOf(id).answered++,
    failed(id, how, isProbe) {
      const next = gather(id);
      next.failed.push(how);
      if (isProbe) next.probe = 'failed';
      return next.told;
    },
    probed(id, verdict) {
      const next = gather(id);
      next.probe = verdict;
      return next.told;
    },
  };
}
