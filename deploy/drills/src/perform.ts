import { eventually } from './eventually.ts';
import type { Drill, DrillReport, Phase, PhaseReport } from './drill.ts';
import { noticesOf, type Notice, type NoticeKind } from './notices.ts';
import { HEARTBEAT_PATH, type DrillStack } from './stack.ts';
import { walkRunbook } from './walk-runbook.ts';

const SILENT_MS = 60_000;
/** Several evaluations in which nothing came up. */
const QUIET_MS = 3_000;
const FIRING_MS = 120_000;
const TOLD_MS = 30_000;
const OVER_MS = 240_000;
const ASK_MS = 10_000;

/** Drills one alert on a stack that is ready. Does not throw: what went wrong is in the report. */
export async function performDrill(
  drill: Drill,
  stack: DrillStack,
  say: (report: PhaseReport) => void = () => {},
): Promise<DrillReport> {
  const { alert, severity, fault, overrides = [] } = drill;
  const begun = Date.now();
  const phases: PhaseReport[] = [];
  const phase: RunPhase = async (name, work) => {
    const from = Date.now();
    const detail = await work();
    const report = { phase: name, seconds: secondsSince(from), detail };
    phases.push(report);
    say(report);
  };
  const about = { alert, severity, fault, overrides, phases };
  try {
    await (severity === 'none'
      ? performHeartbeat(drill, stack, phase)
      : performAlert(drill, stack, phase));
    return { ...about, seconds: secondsSince(begun) };
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    return { ...about, seconds: secondsSince(begun), failure };
  }
}

type RunPhase = (name: Phase, work: () => Promise<string>) => Promise<void>;

async function performAlert(drill: Drill, stack: DrillStack, phase: RunPhase): Promise<void> {
  const { alert, severity } = drill;
  const kind: NoticeKind = severity === 'critical' ? 'CRITICAL' : 'WARNING';
  let since = 0;
  let notices: readonly Notice[] = [];
  await phase('silent', () => untilSilent(drill, stack));
  await phase('broken', async () => {
    since = Date.now();
    await drill.breakIt(stack);
    return drill.fault;
  });
  await phase('firing', () => untilFiring(drill, stack));
  await phase('told', async () => {
    notices = await untilTold(drill, stack, kind, since);
    return toldBy(notices);
  });
  if (!drill.pageIsBroken) await phase('page', () => openPages(alert, notices));
  await mend(drill, stack, phase);
  await phase('runbook', () => resolveByRunbook(drill, stack));
  await phase('over', async () => toldBy(await untilTold(drill, stack, 'RESOLVED', since)));
  if (drill.pageIsBroken) await phase('page', () => openPages(alert, notices));
  assertReceivers(drill, stack, since);
}

async function mend({ mend: mending }: Drill, stack: DrillStack, phase: RunPhase): Promise<void> {
  if (!mending) return;
  await phase('mended', async () => {
    await mending.perform(stack);
    return mending.what;
  });
}

async function untilSilent({ alert }: Drill, stack: DrillStack): Promise<string> {
  const { prometheus } = stack;
  const limitMs = SILENT_MS;
  await eventually({ what: 'Prometheus scraped all services', limitMs }, async () =>
    (await prometheus.value('count(up == 0) or vector(0)')) === 0 &&
    ((await prometheus.value('nova_worker_pool_size')) ?? 0) > 0
      ? true
      : undefined,
  );
  let quietSince = Date.now();
  await eventually({ what: `${alert} was silent`, limitMs }, async () => {
    if ((await prometheus.alerts(alert)).length > 0) quietSince = Date.now();
    return Date.now() - quietSince > QUIET_MS ? true : undefined;
  });
  return 'all services are scraped, and the alert is silent';
}

async function untilFiring(
  { alert, severity, labels = {}, firingMs = FIRING_MS }: Drill,
  { prometheus }: DrillStack,
): Promise<string> {
  const wanted = Object.entries({ ...labels, severity });
  const found = await eventually({ what: `${alert} fired`, limitMs: firingMs }, async () =>
    (await prometheus.alerts(alert)).find(
      (one) =>
        one.state === 'firing' && wanted.every(([name, value]) => one.labels[name] === value),
    ),
  );
  const { alertname, ...rest } = found.labels;
  return `${alertname} ${Object.entries(rest)
    .map((pair) => pair.join('='))
    .join(' ')}`;
}

/** All who must hear have heard. */
function untilTold(
  { alert, severity }: Drill,
  stack: DrillStack,
  kind: NoticeKind,
  since: number,
): Promise<readonly Notice[]> {
  const receivers = receiversOf(severity);
  const limitMs = kind === 'RESOLVED' ? OVER_MS : TOLD_MS;
  const what = `${receivers.join(' and ')} heard [${kind}] ${alert}`;
  return eventually({ what, limitMs }, () => {
    const notices = noticesOf(stack, alert, kind, since);
    const heard = new Set(notices.map(({ receiver }) => receiver));
    return receivers.every((receiver) => heard.has(receiver)) ? notices : undefined;
  });
}

function receiversOf(severity: Drill['severity']): readonly Notice['receiver'][] {
  return severity === 'critical' ? ['slack', 'email'] : ['slack'];
}

/** Nobody else may have heard. */
function assertReceivers({ alert, severity }: Drill, stack: DrillStack, since: number): void {
  if (severity === 'critical') return;
  for (const kind of ['CRITICAL', 'WARNING', 'RESOLVED'] as const) {
    const [wrong] = noticesOf(stack, alert, kind, since).filter((one) => one.receiver === 'email');
    if (wrong) throw new Error(`A ${severity} must not be mailed, and this was: ${wrong.title}`);
  }
}

/** The link in every notice leads to a page about this alert. */
async function openPages(alert: string, notices: readonly Notice[]): Promise<string> {
  for (const { receiver, link } of notices) {
    if (link === undefined) throw new Error(`The notice by ${receiver} has no link to a runbook.`);
    const init = { headers: { accept: 'text/html' }, signal: AbortSignal.timeout(ASK_MS) };
    const response = await fetch(link, init);
    const page = await response.text();
    if (!response.ok || !page.includes(alert)) {
      throw new Error(
        `The link in the notice by ${receiver}, ${link}, answers ${response.status}.`,
      );
    }
  }
  return [...new Set(notices.map(({ link }) => link))].join(', ');
}

async function resolveByRunbook(drill: Drill, stack: DrillStack): Promise<string> {
  const { resolved, acts, said } = await walkRunbook(stack, drill.alert, drill);
  if (!resolved) throw new Error(`The runbook ${drill.alert} did not resolve it:\n${said.trim()}`);
  return acts.length > 0 ? acts.join('; ') : 'nothing had to be done';
}

/** The one that always fires: it is its silence that tells. */
async function performHeartbeat(drill: Drill, stack: DrillStack, phase: RunPhase): Promise<void> {
  const beats = () => stack.pages.requests.filter(({ path }) => path === HEARTBEAT_PATH).length;
  const more = (what: string) => {
    const before = beats();
    return eventually({ what, limitMs: FIRING_MS }, () =>
      beats() > before + 1 ? true : undefined,
    );
  };
  await phase('silent', async () => {
    await more('the heartbeat arrived');
    return 'the heartbeat arrives';
  });
  await phase('broken', async () => {
    await drill.breakIt(stack);
    return drill.fault;
  });
  await phase('told', async () => {
    let last = beats();
    let quietSince = Date.now();
    await eventually({ what: 'the heartbeat stopped', limitMs: FIRING_MS }, () => {
      if (beats() !== last) quietSince = Date.now();
      last = beats();
      return Date.now() - quietSince > HEARTBEAT_MISSED_MS ? true : undefined;
    });
    return 'whoever listens to the heartbeat hears nothing';
  });
  await mend(drill, stack, phase);
  await phase('runbook', () => resolveByRunbook(drill, stack));
  await phase('over', async () => {
    await more('the heartbeat came back');
    return 'the heartbeat arrives';
  });
}

const HEARTBEAT_MISSED_MS = 5_000;

function toldBy(notices: readonly Notice[]): string {
  return notices.map(({ receiver, title }) => `${receiver}: ${title}`).join('; ');
}

function secondsSince(from: number): number {
  return (Date.now() - from) / 1_000;
}
