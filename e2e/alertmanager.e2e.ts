import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { lackOf } from '@aos/local';
import {
  slackRateLimited,
  startMailServer,
  startPageServer,
  startSlackServer,
  type MailServer,
  type PageServer,
  type SlackServer,
} from '@aos/testing';

import { startAlertmanager, type Alertmanager } from './alertmanager.ts';
import { eventually } from './checks.ts';

const skip = lackOf('prometheus-alertmanager', 'amtool') ?? false;
const LIMIT_MS = 60_000;
/** Planted; nobody may find it but the two who need it. */
const MARK = `pLaNtEd${randomUUID().replaceAll('-', '')}`;
const TOKEN = `${MARK}T`;
const USER = String.raw`o'n-"call" ü$HOME \n: #{{`;
const PASSWORD = `${MARK} '"\\$(id) \`x\` ü€😀 %s\t{{ . }} #: end`;

describe('Alertmanager', { skip, timeout: 240_000 }, () => {
  let slack: SlackServer;
  let mail: MailServer;
  let pages: PageServer;
  let alertmanager: Alertmanager;
  before(async () => {
    slack = await startSlackServer(TOKEN);
    mail = await startMailServer({ login: { user: USER, password: PASSWORD } });
    pages = await startPageServer({ '/beat': 'ok', '/staging-beat': 'ok' });
    alertmanager = await startAlertmanager({
      SLACK_WEBHOOK_URL: slack.urlOf('-production'),
      SMTP_SMARTHOST: mail.smarthost,
      SMTP_USER: USER,
      SMTP_PASSWORD: PASSWORD,
      HEARTBEAT_URL: `${pages.url}/beat`,
      HEARTBEAT_TOKEN: `${TOKEN}-beat`,
      HEARTBEAT_INTERVAL: '1s',
      ALERT_ENVIRONMENTS: 'production,staging',
      SLACK_WEBHOOK_URL_STAGING: slack.urlOf('-staging'),
      ALERT_EMAIL_TO_STAGING: 'staging@example.com, Ann <ann@example.com>',
      HEARTBEAT_URL_STAGING: `${pages.url}/staging-beat`,
      AOS_RUNBOOK_BASE_URL: 'https://aos.example.com/runbooks/',
    });
  });
  after(async () => {
    await alertmanager[Symbol.asyncDispose]();
    await slack[Symbol.asyncDispose]();
    await mail[Symbol.asyncDispose]();
    await pages[Symbol.asyncDispose]();
  });

  const inSlack = (name: string) =>
    slack.messages.filter(({ attachments }) => attachments[0]?.title?.includes(name));
  const inMail = (name: string) => mail.mails.filter(({ subject }) => subject.includes(name));
  const receiversOf = async (name: string) =>
    (await eventually(() => alertmanager.see(name))).receivers.map((one) => one.name);
  const toldBySlack = (name: string, count = 1) =>
    eventually(() => {
      const found = inSlack(name);
      return found.length >= count ? found : undefined;
    }, LIMIT_MS);
  const toldByMail = (name: string, count = 1) =>
    eventually(() => {
      const found = inMail(name);
      return found.length >= count ? found : undefined;
    }, LIMIT_MS);

  test('a warning goes to Slack, with its runbook, a way to silence it, and nothing that Slack obeys', async () => {
    await alertmanager.post(alert('SlowSkillExecution', 'warning'), alert('JustSaying', 'info'));
    assert.deepEqual(await receiversOf('SlowSkillExecution'), ['production-slack']);
    assert.deepEqual(await receiversOf('JustSaying'), ['production-slack']);
    const [message] = await toldBySlack('SlowSkillExecution');
    await toldBySlack('JustSaying');
    const shown = message?.attachments[0];
    assert.match(message?.path ?? '', /-production$/);
    assert.equal(shown?.title, '[WARNING] SlowSkillExecution in production');
    assert.equal(shown?.title_link, 'https://aos.example.com/runbooks/SlowSkillExecution');
    assert.equal(shown?.color, 'warning');
    assert.match(shown?.text ?? '', /has a value of 7 &lt;!channel&gt; &amp; more\*\nWhat Slow/);
    const walk = '`aos runbook run SlowSkillExecution`';
    assert.ok(shown?.text?.includes(`<${shown.title_link}|Runbook>, or ${walk} · `));
    const silence = /<(http:[^|]*silences\/new[^|]*)\|Silence it>/.exec(shown?.text ?? '')?.[1];
    assert.equal(
      decodeURIComponent(silence ?? ''),
      `${alertmanager.url}/#/silences/new?filter={alertname="SlowSkillExecution",environment="production"}`,
    );
    assert.match(shown?.footer ?? '', /^aos silence create --alert SlowSkillExecution --for 48h/);
    assert.equal(inMail('SlowSkillExecution').length, 0);
  });

  test('a critical one goes to email and Slack; both hear that it is over', async () => {
    const critical = alert('DiskFilling', 'critical');
    await alertmanager.post(critical);
    assert.deepEqual(await receiversOf('DiskFilling'), ['production-email-and-slack']);
    const [message] = await toldBySlack('DiskFilling');
    assert.equal(message?.attachments[0]?.color, 'danger');
    const [got] = await toldByMail('DiskFilling');
    assert.deepEqual(
      [got?.from, got?.to, got?.subject],
      ['aos@example.com', ['on-call@example.com'], '[CRITICAL] DiskFilling in production'],
    );
    const runbook = 'https://aos.example.com/runbooks/DiskFilling';
    assert.match(got?.text ?? '', /value of 7 <!channel> & more\nWhat DiskFilling means\./);
    assert.ok(got?.text.includes(`Runbook: ${runbook}\nOr: aos runbook run DiskFilling\n`));
    assert.ok(got?.html.includes(`<a href="${runbook}">Runbook</a>`));
    assert.match(got?.html ?? '', /7 &lt;!channel&gt; &amp; more/);
    assert.match(got?.html ?? '', /silences\/new\?filter=%7Balertname%3D%22DiskFilling%22/);
    assert.deepEqual(mail.logins[0], { user: USER, password: PASSWORD });

    await alertmanager.post({ ...critical, endsAt: new Date().toISOString() });
    const [, over] = await toldBySlack('DiskFilling', 2);
    assert.equal(over?.attachments[0]?.title, '[RESOLVED] DiskFilling in production');
    assert.equal(over?.attachments[0]?.color, 'good');
    assert.match(
      over?.attachments[0]?.text ?? '',
      /^\*Resolved: .*[\s\S]* until \d{4}-\d\d-\d\d .* UTC\n$/,
    );
    const [, ended] = await toldByMail('DiskFilling', 2);
    assert.equal(ended?.subject, '[RESOLVED] DiskFilling in production');
  });

  test('alerts of one name are one message, and a message has an end', async () => {
    const skills = Array.from({ length: 12 }, (_, nth) => `skill-${nth}`);
    await alertmanager.post(...skills.map((skill) => alert('Grouped', 'page', { skill })));
    assert.deepEqual(await receiversOf('Grouped'), ['production-email-and-slack']);
    const [message] = await toldBySlack('Grouped');
    const [got] = await toldByMail('Grouped');
    assert.equal(message?.attachments[0]?.title, '[PAGE] Grouped in production (12 alerts)');
    assert.equal(message?.attachments[0]?.text?.match(/\|Runbook>/g)?.length, 10);
    assert.match(message?.attachments[0]?.text ?? '', /… and more: <http:[^|]*\|all 12>/);
    assert.equal(got?.text.match(/Runbook: /g)?.length, 10);
    assert.match(got?.text ?? '', /… and more, 12 in all\./);
  });

  test('an environment has receivers of its own; one that nobody listed goes to the first', async () => {
    await alertmanager.post(
      alert('StagingCritical', 'critical', { environment: 'staging' }),
      alert('StagingWarning', 'warning', { environment: 'staging' }),
      alert('Unlisted', 'warning', { environment: 'lab' }),
      { labels: { alertname: 'Bare', severity: 'critical' } },
    );
    assert.deepEqual(await receiversOf('StagingCritical'), ['staging-email-and-slack']);
    assert.deepEqual(await receiversOf('StagingWarning'), ['staging-slack']);
    assert.deepEqual(await receiversOf('Unlisted'), ['production-slack']);
    assert.deepEqual(await receiversOf('Bare'), ['production-email-and-slack']);
    for (const name of ['StagingCritical', 'StagingWarning']) {
      const [message] = await toldBySlack(name);
      assert.match(message?.path ?? '', /-staging$/);
    }
    const [got] = await toldByMail('StagingCritical');
    assert.deepEqual(got?.to, ['staging@example.com', 'ann@example.com']);
    const [bare] = await toldBySlack('Bare');
    assert.equal(bare?.attachments[0]?.title, '[CRITICAL] Bare');
    assert.equal(bare?.attachments[0]?.title_link, `${alertmanager.url}/#/alerts`);
    assert.match(bare?.attachments[0]?.text ?? '', /^\*Bare\*\nsince/);
  });

  const pairs: readonly [string, string, string, string][] = [
    ['CriticalRunFailureRate', 'critical', 'HighRunFailureRate', 'warning'],
    ['QueueDepthCritical', 'critical', 'QueueDepthWarning', 'warning'],
    ['WorkerPoolDown', 'critical', 'NoRunsProcessed', 'critical'],
    ['WorkerPoolDown', 'critical', 'QueueAgeHigh', 'critical'],
    ['Budget', 'critical', 'Budget', 'warning'],
    ['BackendDown', 'critical', 'ApprovalsOverdue', 'warning'],
  ];
  describe('inhibition', { concurrency: true }, () => {
    for (const [nth, [strong, high, weak, low]] of pairs.entries()) {
      test(`${strong} holds back ${weak} of the same environment, and of no other`, async () => {
        const environment = `pair-${nth}`;
        const held = alert(weak, low, { environment, held: 'yes' });
        const free = alert(weak, low, { environment: `${environment}-other` });
        await alertmanager.post(alert(strong, high, { environment }));
        await toldBySlack(`${strong} in ${environment}`);
        await alertmanager.post(held, free);
        await toldBySlack(`${weak} in ${environment}-other`);
        const heldBack = slack.messages.some(({ attachments }) =>
          attachments[0]?.title?.startsWith(`[${low.toUpperCase()}] ${weak} in ${environment} `),
        );
        assert.equal(heldBack, false);
        const seen = await fetch(`${alertmanager.url}/api/v2/alerts?filter=held%3D%22yes%22`);
        const all = (await seen.json()) as {
          labels: Record<string, string>;
          status: { inhibitedBy: string[] };
        }[];
        const one = all.find(({ labels }) => labels['environment'] === environment);
        assert.equal(one?.status.inhibitedBy.length, 1);
      });
    }
  });

  test('the watchdog goes to the heartbeat of its environment alone, again and again, and nothing holds it back', async () => {
    await alertmanager.post(
      alert('BackendDown', 'critical'),
      alert('Watchdog', 'none'),
      alert('Watchdog', 'none', { environment: 'staging' }),
    );
    await eventually(() => {
      const paths = pages.requests.map(({ path }) => path);
      const beats = (path: string) => paths.filter((one) => one === path).length;
      return beats('/beat') >= 2 && beats('/staging-beat') >= 2 ? true : undefined;
    }, LIMIT_MS);
    const [beat] = pages.requests.filter(({ path }) => path === '/beat');
    assert.equal(beat?.headers['authorization'], `Bearer ${TOKEN}-beat`);
    assert.equal(inSlack('Watchdog').length + inMail('Watchdog').length, 0);
    const staging = pages.requests.find(({ path }) => path === '/staging-beat');
    assert.equal(staging?.headers['authorization'], undefined);
    await alertmanager.post({
      ...alert('BackendDown', 'critical'),
      endsAt: new Date().toISOString(),
    });
    await toldBySlack('[RESOLVED] BackendDown in production');
  });

  test('what Slack or the mail server refuses for now is told again', async () => {
    const answered = slack.statuses.length;
    slack.refuse(slackRateLimited, { status: 500, body: 'rollup_error' });
    mail.refuse(451);
    await alertmanager.post(alert('Refused', 'critical'));
    assert.equal((await toldBySlack('Refused')).length, 1);
    assert.equal((await toldByMail('Refused')).length, 1);
    assert.deepEqual(slack.statuses.slice(answered, answered + 2), [429, 500]);
    assert.match(
      alertmanager.log(),
      /integration=email\[\d\] msg="Notify attempt failed[^\n]*451 Refused/,
    );
  });

  test('a planted secret is in no configuration, process list, environment, log or answer', async () => {
    slack.refuse({ status: 0, body: '' }, { status: 403, body: 'action_prohibited' });
    pages.serve('/beat', (_, response) => void response.destroy());
    mail.refuse(550);
    await alertmanager.post(alert('Leak', 'critical'));
    await toldBySlack('Leak');
    await toldByMail('Leak');
    const process = (file: string) => readFileSync(`/proc/${alertmanager.pid}/${file}`, 'utf8');
    assert.match(process('cmdline'), /^\S*alertmanager\0/);
    const config = readFileSync(join(alertmanager.folder, 'config.yml'), 'utf8');
    const secrets = join(alertmanager.folder, 'secrets');
    const places = {
      config,
      log: alertmanager.log(),
      environment: process('environ'),
      arguments: process('cmdline'),
      status: await (await fetch(`${alertmanager.url}/api/v2/status`)).text(),
      metrics: await (await fetch(`${alertmanager.url}/metrics`)).text(),
      ps: spawnSync('ps', ['axeww'], { encoding: 'utf8' }).stdout,
    };
    assert.match(places.log, /component=dispatcher/);
    assert.match(places.log, /Notify attempt failed/);
    for (const [place, text] of Object.entries(places)) {
      assert.ok(text.length > 0, place);
      assert.ok(!text.includes(MARK), place);
    }
    assert.equal(statSync(secrets).mode & 0o777, 0o700);
    const kept = readdirSync(secrets);
    assert.ok(kept.length === 4 && existsSync(join(secrets, 'SMTP_PASSWORD')), kept.join());
    for (const file of kept) assert.equal(statSync(join(secrets, file)).mode & 0o777, 0o600);
    assert.equal(readFileSync(join(secrets, 'SMTP_PASSWORD'), 'utf8'), PASSWORD);
  });

  const routes: readonly [Readonly<Record<string, string>>, string][] = [
    [{ severity: 'info' }, 'production-slack'],
    [{ severity: 'warning' }, 'production-slack'],
    [{ severity: 'critical' }, 'production-email-and-slack'],
    [{ severity: 'page' }, 'production-email-and-slack'],
    [{ severity: 'warning', environment: 'staging' }, 'staging-slack'],
    [{ severity: 'critical', environment: 'staging' }, 'staging-email-and-slack'],
    [{ severity: 'none', alertname: 'Watchdog' }, 'production-heartbeat'],
    [{ severity: 'none', alertname: 'Watchdog', environment: 'staging' }, 'staging-heartbeat'],
  ];
  test('amtool says the same of every severity', () => {
    const file = join(alertmanager.folder, 'config.yml');
    for (const [labels, receiver] of routes) {
      const words = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
      const args = ['config', 'routes', 'test', `--config.file=${file}`];
      const told = spawnSync('amtool', [...args, `--verify.receivers=${receiver}`, ...words], {
        encoding: 'utf8',
      });
      assert.equal(told.status, 0, `${words.join()}: ${told.stdout}${told.stderr}`);
    }
  });
});

/** As Prometheus posts it, of production. */
function alert(name: string, severity: string, more: Readonly<Record<string, string>> = {}) {
  return {
    labels: { alertname: name, severity, environment: 'production', ...more },
    annotations: {
      summary: `${name} has a value of 7 <!channel> & more`,
      description: `What ${name} means.`,
      runbook: `runbooks/${name}.md`,
    },
  };
}
