import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { lackOf } from '@aos/local';
import { parse } from 'yaml';

import { entrypoint } from './alertmanager.ts';

const skip = lackOf('prometheus-alertmanager', 'amtool', 'shellcheck') ?? false;
const VALUES = 200;
const SLACK = 'https://hooks.slack.com/services/T0/B0/pLaNtEd';

const complete: Readonly<Record<string, string>> = {
  SLACK_WEBHOOK_URL: SLACK,
  SMTP_SMARTHOST: 'smtp.example.com:587',
  SMTP_FROM: 'aos@example.com',
  ALERT_EMAIL_TO: 'on-call@example.com',
};

describe('the settings of Alertmanager', { skip, timeout: 240_000 }, () => {
  let home = '';
  before(() => (home = mkdtempSync(join(tmpdir(), 'aos-render-'))));
  after(() => rmSync(home, { recursive: true }));

  const render = (
    settings: Readonly<Record<string, string>>,
    output = join(home, 'config.yml'),
    path = '/usr/bin:/bin',
  ) => {
    const args = [entrypoint, '--output', output, '--render-only'];
    const { status, stdout, stderr } = spawnSync('sh', args, {
      env: { PATH: path, ...settings },
      encoding: 'utf8',
      cwd: home,
    });
    return { code: status, out: stdout, err: stderr };
  };
  /** What the configuration says, as YAML and as Alertmanager understands it. */
  const rendered = (output = join(home, 'config.yml')) =>
    parse(readFileSync(output, 'utf8')) as {
      readonly global: Readonly<Record<string, unknown>>;
      readonly receivers: readonly {
        readonly name: string;
        readonly slack_configs?: readonly { readonly api_url_file: string }[];
        readonly email_configs?: readonly { readonly to: string }[];
        readonly webhook_configs?: readonly { readonly url: string }[];
      }[];
    };

  test('neither the shell nor shellcheck finds fault with the entrypoint', () => {
    const parsed = spawnSync('sh', ['-n', entrypoint], { encoding: 'utf8' });
    assert.equal(parsed.status, 0, parsed.stderr);
    const checked = spawnSync('shellcheck', [entrypoint], { encoding: 'utf8' });
    assert.equal(checked.status, 0, checked.stdout);
  });

  test(`${VALUES} hostile values arrive as they were given`, () => {
    const random = randomFrom(20_261_125);
    // It is asked about all of them at once, below.
    const withoutAmtool = pathWithout(home, 'amtool');
    const files = Array.from({ length: VALUES }, (_, nth) => {
      const [user, password] = [hostile(random), `pLaNtEd${hostile(random)}`];
      const [from, to] = [hostileAddress(random), hostileAddress(random)];
      const output = join(home, `hostile-${nth}`, 'config.yml');
      const { code, err } = render(
        {
          ...complete,
          SMTP_USER: user,
          SMTP_PASSWORD: password,
          SMTP_FROM: from,
          ALERT_EMAIL_TO: to,
        },
        output,
        withoutAmtool,
      );
      assert.equal(code, 0, `${JSON.stringify([user, password, from, to])}: ${err}`);
      const { global, receivers } = rendered(output);
      assert.equal(global['smtp_auth_username'], user);
      assert.equal(global['smtp_from'], from);
      const mail = receivers.find(({ email_configs: mails }) => mails);
      assert.equal(mail?.email_configs?.[0]?.to, to);
      const file = String(global['smtp_auth_password_file']);
      assert.equal(readFileSync(file, 'utf8'), password);
      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.doesNotMatch(readFileSync(output, 'utf8'), /pLaNtEd/);
      assert.match(readFileSync(output, 'utf8'), /^[\n\x20-\x7e]*$/);
      return output;
    });
    const checked = spawnSync('amtool', ['check-config', ...files], { encoding: 'utf8' });
    assert.equal(checked.status, 0, checked.stdout + checked.stderr);
    assert.equal(checked.stdout.match(/^Checking .*SUCCESS$/gm)?.length, VALUES);
  });

  test('a secret comes from its file before it comes from the environment, and is not copied then', () => {
    const [slack, password] = [join(home, 'slack'), join(home, 'password')];
    writeFileSync(slack, `${SLACK}\n`);
    writeFileSync(password, 'from the file\n');
    const login = { SMTP_USER: 'ann', SMTP_PASSWORD: 'pLaNtEd' };
    assert.equal(render({ ...complete, ...login }).code, 0);
    assert.equal(readFileSync(join(home, 'secrets/SMTP_PASSWORD'), 'utf8'), 'pLaNtEd');
    const both = { ...complete, ...login, SMTP_PASSWORD_FILE: 'password' };
    assert.equal(render({ ...both, SLACK_WEBHOOK_URL_FILE: slack }).code, 0);
    assert.equal(rendered().global['smtp_auth_password_file'], password);
    assert.equal(rendered().receivers[0]?.slack_configs?.[0]?.api_url_file, slack);
    // What an earlier start kept is gone.
    assert.deepEqual(globSync('secrets/*', { cwd: home }), []);
  });

  const wrong: readonly [string, Readonly<Record<string, string>>, readonly RegExp[]][] = [
    [
      'nothing is given',
      { SLACK_WEBHOOK_URL: '', SMTP_SMARTHOST: '', SMTP_FROM: '', ALERT_EMAIL_TO: '' },
      [
        /SMTP_SMARTHOST is missing: give one such as smtp\.example\.com:587/,
        /SMTP_FROM is missing/,
        /SLACK_WEBHOOK_URL is missing: name its file with SLACK_WEBHOOK_URL_FILE/,
        /ALERT_EMAIL_TO is missing/,
      ],
    ],
    ['a password is missing', { SMTP_USER: 'ann' }, [/SMTP_PASSWORD is missing: name its file/]],
    ['a user is missing', { SMTP_PASSWORD: 'pLaNtEd' }, [/SMTP_USER is missing/]],
    [
      'a file is not there',
      { SLACK_WEBHOOK_URL_FILE: '/none/pLaNtEd' },
      [/^[^;]*SLACK_WEBHOOK_URL_FILE names a file that cannot be read\.\n$/],
    ],
    ['a file is empty', { SMTP_USER: 'ann', SMTP_PASSWORD_FILE: '/dev/null' }, [/cannot be read/]],
    ['a webhook is plain text', { SLACK_WEBHOOK_URL: 'http://slack.com/pLaNtEd' }, [/https:/]],
    ['a webhook has blanks', { SLACK_WEBHOOK_URL: `${SLACK}\nX: y` }, [/no URL has/]],
    [
      'a password would be cut',
      { SMTP_USER: 'a', SMTP_PASSWORD: 'pLaNtEd ' },
      [/ends with white space/],
    ],
    [
      'a password would be cut, by Unicode',
      { SMTP_USER: 'a', SMTP_PASSWORD: '\u3000pLaNtEd' },
      [/begins or ends with white space, which Alertmanager would drop/],
    ],
    ['an address is none', { ALERT_EMAIL_TO: 'ann' }, [/ALERT_EMAIL_TO must be an address/]],
    ['an address smuggles', { SMTP_FROM: 'a@b\nBcc: c@d' }, [/SMTP_FROM holds characters/]],
    ['an address is a template', { ALERT_EMAIL_TO: '{{ .X }}@b' }, [/ALERT_EMAIL_TO holds/]],
    ['the mail server has no port', { SMTP_SMARTHOST: 'smtp' }, [/must be a host and a port/]],
    ['TLS is neither on nor off', { SMTP_REQUIRE_TLS: 'yes' }, [/must be true or false/]],
    ['a span is none', { ALERT_GROUP_WAIT: '1s: x' }, [/ALERT_GROUP_WAIT must be a span/]],
    [
      'an environment is no name',
      { ALERT_ENVIRONMENTS: 'Prod"' },
      [/ALERT_ENVIRONMENTS must be names of small letters/],
    ],
    ['an environment is there twice', { ALERT_ENVIRONMENTS: 'a,a' }, [/names a twice/]],
    [
      'another environment has no receivers',
      { ALERT_ENVIRONMENTS: 'production,staging' },
      [/SLACK_WEBHOOK_URL_STAGING is missing/, /ALERT_EMAIL_TO_STAGING is missing/],
    ],
    [
      'the heartbeat holds a login',
      { HEARTBEAT_URL: 'https://ann:pLaNtEd@beat.example.com/x' },
      [/HEARTBEAT_URL may not hold a user or a password/],
    ],
    [
      'the runbooks are nowhere',
      { AOS_RUNBOOK_BASE_URL: 'https://a/"{{ end }}' },
      [/AOS_RUNBOOK_BASE_URL holds characters/],
    ],
  ];
  for (const [when, settings, said] of wrong) {
    test(`the start is refused when ${when}`, () => {
      const output = join(home, 'refused', 'config.yml');
      const { code, out, err } = render({ ...complete, ...settings }, output);
      assert.deepEqual([code, out], [2, '']);
      const sentence = /^Alertmanager is not started: [^]*$/m.exec(err)?.[0] ?? '';
      for (const words of said) assert.match(sentence, words);
      assert.doesNotMatch(err, /pLaNtEd/);
      assert.deepEqual(globSync('refused/config*', { cwd: home }), []);
    });
  }

  test('what is no UTF-8 is refused, and a configuration that was there stays', () => {
    assert.equal(render(complete).code, 0);
    const kept = readFileSync(join(home, 'config.yml'), 'utf8');
    const script = `SMTP_USER=$(printf 'a\\377') SMTP_PASSWORD=x exec sh "$0" --output config.yml --render-only`;
    const { status, stderr } = spawnSync('sh', ['-c', script, entrypoint], {
      cwd: home,
      env: { PATH: '/usr/bin:/bin', ...complete },
      encoding: 'utf8',
    });
    assert.equal(status, 2);
    assert.match(stderr, /SMTP_USER is not UTF-8/);
    assert.equal(readFileSync(join(home, 'config.yml'), 'utf8'), kept);
  });

  test('without Alertmanager, or a place to write to, it says so', () => {
    const { status, stderr } = spawnSync('sh', [entrypoint, '--output', '/proc/none/config.yml'], {
      env: { PATH: '/usr/bin:/bin', ...complete },
      encoding: 'utf8',
    });
    assert.equal(status, 2);
    assert.match(stderr, /the folder \/proc\/none cannot be made/);
    const help = spawnSync('sh', [entrypoint, '--help'], { encoding: 'utf8' });
    assert.match(help.stdout, /--render-only/);
    assert.doesNotMatch(help.stdout, /set -eu/);
  });

  test('the page tells every setting of the entrypoint, and no other', () => {
    const page = readFileSync(
      new URL('../monitoring/alertmanager/README.md', import.meta.url),
      'utf8',
    );
    const told = [...page.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, name]) => name);
    const script = readFileSync(entrypoint, 'utf8');
    const read = /\b(?:secret|required|span|address|given) "?([A-Z_]{3,})|\$\{([A-Z_]+):-/g;
    const names = [...script.matchAll(read)].map(([, a, b]) => a ?? b);
    assert.deepEqual(new Set(told), new Set(names));
  });
});

const pieces = [
  Array.from(`"'\`$\\{}[]()<>|&;*?!#%@:,=~^-+_/. \t\n\r`),
  ['$(id)', '${HOME}', '`id`', '\\n', '\\', "'\\''", '{{ . }}', '@SMTP_FROM@', '@NAME@', '%s'],
  [': ', ' #', '- ', '---\n', '...', '&a', '*a', '!!int', '? ', '| ', '> ', '~', 'null', 'yes'],
  ['0x1F', '1e3', '#end\n', '#if X\n', '\u0001', '\u007f', '\u0085', '\u00a0', '\u2028'],
  ['\ufeff', '\ufffd', 'ü', 'ß', '€', '日本', '😀', '\u202e', 'é', '\u{10ffff}', 'abc', '007'],
].flat();

/** Begins and ends with what nobody drops. */
function hostile(random: () => number): string {
  const count = 1 + Math.floor(random() * 12);
  const inner = Array.from({ length: count }, () => pieces[Math.floor(random() * pieces.length)]);
  const text = inner.join('');
  return text.trim() === text && !/^[\u0085\ufeff]|[\u0085\ufeff]$/.test(text) ? text : `"${text}'`;
}

/** A quoted local part may hold nearly everything. */
function hostileAddress(random: () => number): string {
  const text = hostile(random)
    .replaceAll(/[\p{Cc}{]/gu, '')
    .replaceAll(/["\\]/g, String.raw`\$&`);
  return `"${text}" <a@example.com>`;
}

/** A PATH of all programs of the machine but one. */
function pathWithout(home: string, program: string): string {
  const folder = join(home, `without-${program}`);
  mkdirSync(folder);
  for (const name of readdirSync('/usr/bin')) {
    if (name !== program) symlinkSync(join('/usr/bin', name), join(folder, name));
  }
  return folder;
}

/** The same numbers for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
