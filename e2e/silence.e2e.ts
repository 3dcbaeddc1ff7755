import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { lackOf } from '@aos/local';
import {
  startMailServer,
  startPageServer,
  startSlackServer,
  type MailServer,
  type PageServer,
  type SlackServer,
} from '@aos/testing';

import { startAlertmanager, type Alertmanager } from './alertmanager.ts';
import { eventually } from './checks.ts';

const skip = lackOf('prometheus-alertmanager', 'amtool', 'shellcheck') ?? false;
const LIMIT_MS = 60_000;
const scripts = fileURLToPath(new URL('../deploy/scripts/', import.meta.url));
const aosMain = fileURLToPath(new URL('../packages/cli/src/main.ts', import.meta.url));
const UNKNOWN = '01900000-0000-7000-8000-000000000000';

interface Lasting {
  readonly startsAt: string;
  readonly endsAt: string;
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

describe(
  'silences and the test of alerts, on a real Alertmanager',
  { skip, timeout: 240_000 },
  () => {
    let slack: SlackServer;
    let mail: MailServer;
    let pages: PageServer;
    let alertmanager: Alertmanager;
    before(async () => {
      slack = await startSlackServer();
      mail = await startMailServer();
      pages = await startPageServer({ '/api/v2/silences': '{"a": 1}', '/metrics': 'up 1' });
      alertmanager = await startAlertmanager({
        SLACK_WEBHOOK_URL: slack.webhookUrl,
        SMTP_SMARTHOST: mail.smarthost,
        HEARTBEAT_URL: `${pages.url}/beat`,
      });
    });
    after(async () => {
      await alertmanager[Symbol.asyncDispose]();
      await slack[Symbol.asyncDispose]();
      await mail[Symbol.asyncDispose]();
      await pages[Symbol.asyncDispose]();
    });
    beforeEach(async () => {
      for (const { id, status } of await known()) {
        if (status.state !== 'expired') await aos('expire', id);
      }
    });

    const start = (
      program: string,
      args: readonly string[],
      env: Readonly<Record<string, string>>,
    ): Promise<Ended> =>
      new Promise((resolve) => {
        const child = spawn(program, args, {
          env: { PATH: '/usr/bin:/bin', USER: 'ann', ALERTMANAGER_URL: alertmanager.url, ...env },
        });
        let [out, err] = ['', ''];
        child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
        child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
        child.on('close', (code) => resolve({ code, out, err }));
      });
    const aos = (...words: readonly string[]) =>
      start(process.execPath, [aosMain, 'silence', ...words], {});
    const script = (name: string, words: readonly string[], env = {}) =>
      start('sh', [scripts + name, ...words], env);
    const known = async () =>
      (await (await fetch(`${alertmanager.url}/api/v2/silences`)).json()) as {
        id: string;
        status: { state: string };
        matchers: object[];
        createdBy: string;
        comment: string;
        startsAt: string;
        endsAt: string;
      }[];
    const stateOf = async (name: string) =>
      eventually(async () => {
        const seen = await alertmanager.see(name);
        return seen && seen.status.state !== 'unprocessed' ? seen.status.state : undefined;
      });
    const fire = (name: string, more = {}) =>
      alertmanager.post({ labels: { alertname: name, severity: 'warning', ...more } });
    const told = (name: string) =>
      slack.messages.filter(({ attachments }) => attachments[0]?.title?.includes(name)).length;

    test('a silence holds an alert back until it ends, and tells who and why', async () => {
      await fire('QueueDepthWarning');
      await eventually(() => (told('QueueDepthWarning') > 0 ? true : undefined), LIMIT_MS);
      const made = await aos('create', '--alert', 'QueueDepthWarning', '--reason', 'The "import".');
      assert.equal(made.code, 0, made.err);
      assert.match(
        made.out,
        /^alertname="QueueDepthWarning" is silenced until .* UTC, by ann: The "import"\.$/m,
      );
      assert.match(made.out, /^It holds back 1 alert that fires now\. End it: aos silence expire/m);
      const [one] = (await known()).filter(({ status }) => status.state === 'active');
      assert.ok(one);
      assert.deepEqual([one.createdBy, one.comment], ['ann', 'The "import".']);
      assert.equal(hoursOf(one), 48);
      await eventually(
        async () => (await stateOf('QueueDepthWarning')) === 'suppressed' || undefined,
      );

      const listed = await aos('list');
      assert.match(
        listed.out,
        new RegExp(
          `^${one.id} +active +1 d 23 h +alertname="QueueDepthWarning" +ann +The "import"\\.$`,
          'm',
        ),
      );
      assert.doesNotMatch(listed.out, /Ends within/);
      const ended = await aos('expire', one.id);
      assert.match(ended.out, /has ended\. What it held back and still fires is told now/);
      await eventually(async () => (await stateOf('QueueDepthWarning')) === 'active' || undefined);
      assert.match((await aos('expire', one.id)).out, /had ended before/);
      assert.equal((await aos('list')).out, 'Nothing is silenced.\n');
      assert.match((await aos('list', '--all')).out, /expired +- +alertname/);
    });

    test('what is silenced is told to nobody, and told when the silence ends by itself', async () => {
      const made = await aos(
        'create',
        '--alert',
        'Short',
        '--for',
        '6s',
        '--reason',
        'x',
        '--author',
        'Bob',
      );
      assert.equal(made.code, 0, made.err);
      await fire('Short');
      await fire('Loud');
      await eventually(() => (told('Loud') > 0 ? true : undefined), LIMIT_MS);
      assert.equal(told('Short'), 0);
      await eventually(() => (told('Short') > 0 ? true : undefined), LIMIT_MS);
      const by = (await known()).find(({ createdBy }) => createdBy === 'Bob');
      assert.ok(Date.now() >= Date.parse(by?.endsAt ?? ''));
    });

    test('labels narrow a silence; one that ends soon is warned of', async () => {
      const words = ['--matcher', 'skill=~http_.*', '--matcher', 'environment!=staging'];
      const made = await aos('create', ...words, '--for', '3h', '--reason', 'x', '--json');
      assert.deepEqual(JSON.parse(made.out).matchers, [
        { name: 'skill', value: 'http_.*', isRegex: true, isEqual: true },
        { name: 'environment', value: 'staging', isRegex: false, isEqual: false },
      ]);
      await fire('Held', { skill: 'http_request', environment: 'production' });
      await fire('Free', { skill: 'http_request', environment: 'staging' });
      assert.equal(await stateOf('Held'), 'suppressed');
      assert.equal(await stateOf('Free'), 'active');
      const { out } = await aos('list');
      assert.match(
        out,
        /^Ends within 4 h: skill=~"http_\.\*" and environment!="staging", at .* UTC\./m,
      );
      assert.equal(JSON.parse((await aos('list', '--json')).out).items.length, 1);
      const checked = await script('silence.sh', ['list', '--check']);
      assert.equal(checked.code, 1, checked.err);
      assert.match(
        checked.out,
        /^Ends at \S+Z: skill=~"http_\.\*" and environment!="staging", silenced by ann: x$/m,
      );
    });

    test('the script does the same without Node', async () => {
      const none = await script('silence.sh', ['list']);
      assert.deepEqual([none.code, none.out], [0, 'Nothing is silenced.\n']);
      const words = [
        '--alert',
        'Plain',
        '--matcher',
        'note!~a "b".*',
        '--reason',
        'It\'s \\ "x"\nè',
      ];
      const made = await script('silence.sh', ['create', ...words]);
      assert.equal(made.code, 0, made.err);
      const id = /^([0-9a-f-]{36}) until \S+Z\n$/.exec(made.out)?.[1] ?? '';
      const one = (await known()).find((silence) => silence.id === id);
      assert.equal(one?.comment, 'It\'s \\ "x" è');
      assert.equal(one?.createdBy, 'ann');
      assert.deepEqual(one?.matchers, [
        { name: 'alertname', value: 'Plain', isRegex: false, isEqual: true },
        { name: 'note', value: 'a "b".*', isRegex: true, isEqual: false },
      ]);
      assert.equal(one && hoursOf(one), 48);
      const { out } = await script('silence.sh', ['list']);
      assert.match(
        out,
        new RegExp(
          `^${id}  active +\\S+Z +ann +alertname="Plain" and note!~"a "b"\\.\\*", It's`,
          'm',
        ),
      );
      assert.equal((await script('silence.sh', ['list', '--check'])).code, 0);
      assert.equal(
        JSON.parse((await script('silence.sh', ['list', '--json'])).out)[0]?.id.length,
        36,
      );
      assert.equal((await script('silence.sh', ['expire', id])).out, `${id} has ended\n`);
      assert.equal((await script('silence.sh', ['expire', id])).out, `${id} had ended before\n`);
    });

    test('a synthetic alert of each severity is told, and its end', async () => {
      const { code, out, err } = await script('test-alerts.sh', [
        '--severity',
        'warning',
        '--severity',
        'page',
        '--timeout',
        '60s',
      ]);
      assert.equal(code, 0, out + err);
      assert.match(out, /^warning: received, goes to production-slack\.$/m);
      assert.match(out, /^page: received, goes to production-email-and-slack\.$/m);
      assert.match(out, /^slack: took 2 of 2 notices\.\nemail: took 1 of 1 notices\.\n$/m);
      assert.equal(told('AlertingTest_warning'), 1);
      await eventually(
        () => (told('[RESOLVED] AlertingTest_page') > 0 ? true : undefined),
        LIMIT_MS,
      );
      const [first] = mail.mails.filter(({ subject }) => subject.includes('AlertingTest_page'));
      assert.match(first?.text ?? '', /Nothing is wrong\./);
    });

    test('it fails when a receiver is broken, a route is another one, or a silence holds it back', async () => {
      const broken = Array.from({ length: 50 }, () => ({ status: 404, body: 'no_service' }));
      slack.refuse(...broken);
      const refused = await script('test-alerts.sh', ['--severity', 'info', '--timeout', '5s']);
      assert.equal(refused.code, 1, refused.err);
      assert.match(
        refused.out,
        /^slack: took 0 of 1 notices within 5s, and refused \d+ attempts\./m,
      );
      const elsewhere = await script('test-alerts.sh', [
        '--environment',
        'lab',
        '--severity',
        'info',
      ]);
      assert.equal(elsewhere.code, 1);
      assert.match(elsewhere.out, /info: it goes to production-slack, not to lab-slack\./);
      await aos('create', '--matcher', 'test=~.+', '--reason', 'x');
      const held = await script('test-alerts.sh', ['--severity', 'critical']);
      assert.equal(held.code, 1);
      assert.match(held.out, /critical: a silence or another alert holds it back\./);
    });

    const wrong: readonly [string, readonly string[], number, RegExp][] = [
      ['aos', ['create', '--reason', 'x'], 2, /Say which alerts/],
      ['aos', ['create', '--alert', 'A'], 2, /--reason/],
      ['aos', ['create', '--alert', 'A', '--reason', ' '], 2, /--reason needs words/],
      ['aos', ['create', '--alert', 'A.*', '--reason', 'x'], 2, /--alert needs the name of one/],
      ['aos', ['create', '--alert', 'Watchdog', '--reason', 'x'], 2, /cannot be silenced/],
      [
        'aos',
        ['create', '--alert', 'A', '--reason', 'x', '--for', '31d'],
        2,
        /no more than 30 days/,
      ],
      ['aos', ['create', '--alert', 'A', '--reason', 'x', '--for', '2020-01-01'], 2, /lie ahead/],
      [
        'aos',
        ['create', '--alert', 'A', '--reason', 'x', '--for', 'long'],
        2,
        /--for needs a time/,
      ],
      ['aos', ['create', '--matcher', 'a', '--reason', 'x'], 2, /--matcher needs a label/],
      ['aos', ['create', '--matcher', 'a=~(', '--reason', 'x'], 2, /does not take it \(400\)/],
      ['aos', ['create', '--matcher', 'a=', '--reason', 'x'], 2, /does not take it \(400\)/],
      ['aos', ['expire', UNKNOWN], 2, /knows nothing of it \(404\)/],
      ['silence.sh', [], 2, /say what to do/],
      ['silence.sh', ['create', '--reason', 'x'], 2, /say which alerts/],
      ['silence.sh', ['create', '--alert', 'A'], 2, /--reason is missing/],
      ['silence.sh', ['create', '--alert', 'Watchdog', '--reason', 'x'], 2, /cannot be silenced/],
      ['silence.sh', ['create', '--alert', 'A', '--reason', 'x', '--for', '31d'], 2, /1s to 30d/],
      ['silence.sh', ['create', '--alert', 'A', '--reason', 'x', '--for', '3w'], 2, /needs a span/],
      ['silence.sh', ['create', '--matcher', 'a', '--reason', 'x'], 2, /--matcher needs a label/],
      ['silence.sh', ['create', '--matcher', 'a=~(', '--reason', 'x'], 2, /refuses \(400\)/],
      ['silence.sh', ['expire', '../alerts'], 2, /name the silence by its id/],
      ['silence.sh', ['expire', UNKNOWN], 2, /refuses \(404\)/],
      ['silence.sh', ['list', '--bogus'], 2, /unknown option: --bogus/],
      ['test-alerts.sh', ['--severity', 'bad'], 2, /--severity must be/],
      ['test-alerts.sh', ['--timeout', 'x'], 2, /--timeout needs a span/],
      ['test-alerts.sh', ['--environment', 'a"b'], 2, /--environment needs/],
    ];
    describe('what cannot be done', { concurrency: 2 }, () => {
      for (const [program, words, code, said] of wrong) {
        test(`${program} ${words.join(' ')} ends with ${code} and says why`, async () => {
          const ended = program === 'aos' ? await aos(...words) : await script(program, words);
          assert.match(ended.err, said);
          assert.deepEqual([ended.code, ended.out], [code, '']);
        });
      }
    });

    test('an Alertmanager that is not there, or is something else, is said so', async () => {
      const programs = [
        [3, (env: object) => start(process.execPath, [aosMain, 'silence', 'list'], { ...env })],
        [3, (env: object) => script('silence.sh', ['list'], env)],
        [2, (env: object) => script('test-alerts.sh', [], env)],
      ] as const;
      for (const [code, run] of programs) {
        const nobody = await run({ ALERTMANAGER_URL: 'http://127.0.0.1:2' });
        assert.equal(nobody.code, code);
        assert.match(nobody.err, /^Alertmanager at http:\/\/127\.0\.0\.1:2 cannot be reached/);
      }
      for (const run of [programs[0][1], programs[2][1]]) {
        const other = await run({ ALERTMANAGER_URL: pages.url });
        assert.match(other.err, /answers, but not as Alertmanager does/);
      }
      const login = await start(process.execPath, [aosMain, 'silence', 'list'], {
        ALERTMANAGER_URL: 'http://ann:secret@127.0.0.1:9',
      });
      assert.match(login.err, /may not hold a user or a password/);
      assert.doesNotMatch(login.err, /secret/);
    });

    test('neither the shell nor shellcheck finds fault with the scripts', () => {
      for (const name of ['silence.sh', 'test-alerts.sh', 'alertmanager.sh']) {
        const parsed = spawnSync('sh', ['-n', scripts + name], { encoding: 'utf8' });
        assert.equal(parsed.status, 0, parsed.stderr);
        const root = fileURLToPath(new URL('..', import.meta.url));
        const checked = spawnSync('shellcheck', ['-x', scripts + name], {
          encoding: 'utf8',
          cwd: root,
        });
        assert.equal(checked.status, 0, checked.stdout);
        if (name === 'alertmanager.sh') continue;
        const help = spawnSync('sh', [scripts + name, '--help'], { encoding: 'utf8' });
        assert.match(help.stdout, /Exit codes: /);
        assert.doesNotMatch(help.stdout, /set -eu/);
      }
    });
  },
);

/** Alertmanager begins a silence when it hears of it. */
function hoursOf({ startsAt, endsAt }: Lasting): number {
  return Math.round((Date.parse(endsAt) - Date.parse(startsAt)) / 36_000) / 100;
}
