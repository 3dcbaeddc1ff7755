import type { DrillStack } from './stack.ts';
import { ENVIRONMENT } from './stack.ts';

/** What the on-call people got about an alert. */
export interface Notice {
  readonly receiver: 'slack' | 'email';
  readonly title: string;
  /** Where its runbook is said to be. */
  readonly link: string | undefined;
  readonly at: number;
}

export type NoticeKind = 'CRITICAL' | 'WARNING' | 'RESOLVED';

/** Those of one kind about an alert, since a moment. */
export function noticesOf(
  { slack, mail }: DrillStack,
  alert: string,
  kind: NoticeKind,
  since: number,
): Notice[] {
  const told = slack.messages.flatMap(({ attachments, at }): Notice[] => {
    const [{ title = '', title_link: link } = {}] = attachments;
    return [{ receiver: 'slack', title, link, at }];
  });
  const sent = mail.mails.map(({ subject, text, at }): Notice => {
    const link = /^Runbook: (\S+)$/m.exec(text)?.[1];
    return { receiver: 'email', title: subject, link, at };
  });
  const begin = `[${kind}] ${alert} in ${ENVIRONMENT}`;
  return [...told, ...sent].filter(
    ({ title, at }) => at >= since && (title === begin || title.startsWith(`${begin} (`)),
  );
}
