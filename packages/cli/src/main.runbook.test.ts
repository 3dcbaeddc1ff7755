import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { startStandIn, type StandIn } from './api.fixture.ts';
import { aos, temporaryFolder, type AosOptions } from './aos.fixture.ts';
import { target } from './scene.fixture.ts';

const READ = 'read: out\nsay: How many are out.\nget: /v1/targets\npick: items.length';
const VERIFY =
  'verify: over\nsay: Fewer are out.\nget: /v1/targets\npick: items.length\nuntil: over < out\nwithin: 100ms\nevery: 100ms';
const CALL =
  'act: resume\nsay: Let them go on.\ncall: POST /admin/resume\nbody: { scope: everything }\nscope: admin\nradius: All tenants.';
const careful = `${CALL}\ncareful: true`;

/** A folder with one runbook, `Try`, of these blocks. */
function folderOf(path: string, front: string, ...blocks: readonly string[]): string {
  const folder = join(path, 'mine');
  mkdirSync(folder, { recursive: true });
  const steps = blocks.map((block) => `\`\`\`aos-step\n${block}\n\`\`\`\n`).join('\n');
  writeFileSync(join(folder, 'Try.md'), `${front}# Try: it\n\n${steps}`);
  return folder;
}

function run(
  api: StandIn,
  folder: string,
  words: readonly string[] = [],
  options: AosOptions = {},
) {
  const to = ['--folder', folder, '--evidence', `${folder}/../e.json`];
  return aos(['runbook', 'run', 'Try', ...to, ...words], { api, ...options });
}

function evidence(folder: string) {
  return JSON.parse(readFileSync(join(folder, '..', 'e.json'), 'utf8')) as {
    outcome: string;
    variables: object;
    entries: { step: string; result: string; detail?: string }[];
  };
}

function command(words: string): string {
  return `act: do_it\nsay: Do.\ncommand: ${words}\nradius: Here.`;
}

function series(...values: readonly string[]) {
  return values.map((value) => ({ metric: {}, value: [1, value] }));
}

describe('aos runbook', { concurrency: 2, timeout: 120_000 }, () => {
  test('the runbooks are listed and shown', async () => {
    const listed = await aos(['runbook', 'list']);
    assert.equal(listed.code, 0);
    assert.match(listed.out, /^WorkerPoolDown +\d+ +WorkerPoolDown: no worker lives$/m);
    const shown = await aos(['runbook', 'show', 'WorkerPoolDown']);
    assert.match(shown.out, /^## Mitigation$/m);
    const json = JSON.parse((await aos(['runbook', 'list', '--json'])).out);
    assert.ok(json.items.length > 30);
  });

  test('an act is shown with what it does, its scope and its reach, and done after a yes', async () => {
    await using api = await startStandIn({ targets: [] });
    using place = temporaryFolder();
    const folder = folderOf(place.path, '', READ, CALL, VERIFY.replace('over < out', 'over == 0'));
    const agreed = await run(api, folder, [], { input: 'y\n' });
    assert.equal(agreed.code, 0, agreed.err);
    assert.match(agreed.err, /does: +POST \/admin\/resume {"scope":"everything"}/);
    assert.match(agreed.err, /scope: +admin\n +reaches: All tenants\./);
    assert.match(agreed.out, /^# Try: resolved$/m);
    const { body, headers } = await api.arrived('POST', '/admin/resume');
    assert.deepEqual(body, { scope: 'everything' });
    assert.match(String(headers['idempotency-key']), /^"[0-9a-f-]{36}"$/);
    assert.deepEqual(
      evidence(folder).entries.map(({ step, result }) => `${step}: ${result}`),
      ['out: read', 'resume: done', 'over: met'],
    );
    assert.equal(statSync(join(folder, '..', 'e.json')).mode & 0o777, 0o600);
    const again = await run(api, folder);
    assert.equal(again.code, 2);
    assert.match(again.err, /e\.json exists already/);
  });

  test('nothing is done without a yes; --yes says it, but not to a careful act', async () => {
    await using api = await startStandIn({ targets: [target] });
    const posts = () => api.requests.filter(({ method }) => method === 'POST').length;
    for (const [block, words, done] of [
      [CALL, [], 0],
      [CALL, ['--yes'], 1],
      [careful, ['--yes'], 1],
      [careful, ['--confirm', 'resume'], 2],
    ] as const) {
      using place = temporaryFolder();
      const { code, err } = await run(api, folderOf(place.path, '', READ, block, VERIFY), words);
      assert.equal(code, 1, 'one is still out');
      assert.equal(posts(), done, words.join(' '));
      if (!words.includes('--confirm' as never) && block === careful) {
        assert.match(err, /--confirm resume would/);
      }
    }
  });

  test('what the API refuses is told, kept and ends it', async () => {
    await using api = await startStandIn({ targets: [target] });
    api.refuse('/admin/resume', 403, 'forbidden', { detail: 'This needs the scope admin.' });
    using place = temporaryFolder();
    const folder = folderOf(place.path, '', READ, CALL, VERIFY);
    const { code, out } = await run(api, folder, ['--yes', '--json']);
    assert.equal(code, 1);
    assert.deepEqual(JSON.parse(out), evidence(folder));
    const last = evidence(folder).entries.at(-1);
    assert.deepEqual([last?.step, last?.result], ['resume', 'refused']);
    assert.match(last?.detail ?? '', /403 forbidden: This needs the scope admin/);
  });

  test('a command is executed only when that is allowed, without a shell', async () => {
    await using api = await startStandIn({ targets: [target] });
    for (const [words, options, result] of [
      ['[sh, -c, "echo $AOS_URL \\"$0\\"", "a; b"]', ['--yes'], /do_it: shown undefined/],
      [
        '[sh, -c, "echo $AOS_URL \\"$0\\"", "a; b"]',
        ['--yes', '--allow-commands'],
        /done http:.*a; b/,
      ],
      ['[sh, -c, "echo no; exit 3"]', ['--yes', '--allow-commands'], /failed ended with 3: no/],
      ['[no-such-program]', ['--yes', '--allow-commands'], /failed .*cannot be started \(ENOENT\)/],
      ['[sleep, "0"]\nbackground: true', ['--yes', '--allow-commands'], /started as process \d+/],
    ] as const) {
      using place = temporaryFolder();
      const folder = folderOf(place.path, '', READ, command(words), VERIFY);
      await run(api, folder, options);
      const act = evidence(folder).entries.find(({ step }) => step === 'do_it');
      assert.match(`do_it: ${act?.result} ${act?.detail}`, result);
    }
  });

  test('expressions are asked of the Prometheus that is named', async () => {
    await using api = await startStandIn();
    const asked: string[] = [];
    const prometheus = createServer((request, response) => {
      const query = new URL(request.url ?? '', 'http://x').searchParams.get('query') ?? '';
      asked.push(query);
      const result = query.startsWith('many') ? series('3', '7') : series();
      response.end(JSON.stringify({ data: { resultType: 'vector', result } }));
    });
    await new Promise<void>((resolve) => prometheus.listen(0, '127.0.0.1', resolve));
    const environment = {
      PROMETHEUS_URL: `http://127.0.0.1:${(prometheus.address() as AddressInfo).port}/`,
    };
    const blocks = [
      'read: many\nsay: Many.\npromql: many{run="${id}"}',
      'verify: none_left\nsay: None.\npromql: none\nuntil: none_left == none and many == 7\nwithin: 1s',
    ];
    const front = '---\nvars:\n  id: { about: which }\n---\n\n';
    using place = temporaryFolder();
    const folder = folderOf(place.path, front, ...blocks);
    const { code, out, err } = await run(api, folder, ['--var', 'id=a"b'], { environment });
    prometheus.close();
    assert.equal(code, 0, err);
    assert.deepEqual(asked, ['many{run="a\\"b"}', 'none']);
    assert.match(out, /read: 7 \(the largest of 2 series\)/);
  });

  test('what cannot be walked as asked ends with 2, before anything is read', async () => {
    await using api = await startStandIn();
    using place = temporaryFolder();
    const front = '---\nvars:\n  run: { about: which run }\n---\n\n';
    const folder = folderOf(place.path, front, READ, VERIFY);
    for (const [words, sentence] of [
      [['run', 'Try'], /needs --var run=… \(which run\)/],
      [['run', 'Try', '--var', 'run'], /--var takes name=value/],
      [['run', 'Try', '--var', 'run=1', '--var', 'x=1'], /has no variable x; it has run/],
      [['run', 'Try', '--var', 'run=1', '--confirm', 'x'], /has no act x; it has none/],
      [['run', 'Try', '--var', 'run=1', '--incident', '../x'], /--incident is letters/],
      [['run', 'try'], /no runbook try; Try there is/],
      [['run', '../mine/Try'], /There is no runbook/],
    ] as const) {
      const { code, err } = await aos(['runbook', ...words, '--folder', folder], { api });
      assert.equal(code, 2, words.join(' '));
      assert.match(err, sentence);
    }
    const gone = await aos(['runbook', 'list', '--folder', join(place.path, 'gone')], { api });
    assert.equal(gone.code, 2);
    assert.match(gone.err, /cannot be read \(ENOENT\)/);
    const broken = folderOf(place.path, '', 'read: a\nsay: s');
    const told = await aos(['runbook', 'run', 'Try', '--folder', broken], { api });
    assert.equal(told.code, 2);
    assert.match(told.err, /cannot be walked:\n +Line 3: it reads exactly one/);
    const form = await aos(['runbook', 'run', 'incident-template'], { api });
    assert.equal(form.code, 2);
    assert.match(form.err, /has no steps to walk; it is for reading/);
    assert.deepEqual(api.requests, []);
  });

  test('the evidence is kept in the home when nobody names a file', async () => {
    await using api = await startStandIn({ targets: [] });
    using place = temporaryFolder();
    const folder = folderOf(place.path, '', VERIFY.replace('over < out', 'over == 0'));
    const environment = { AOS_HOME: join(place.path, 'home') };
    const words = ['runbook', 'run', 'Try', '--folder', folder];
    const { code, err } = await aos(words, { api, environment });
    assert.equal(code, 0, err);
    const [file = '', ...more] = readdirSync(join(place.path, 'home', 'incidents'));
    assert.deepEqual(more, []);
    assert.match(file, /^inc_\d{8}T\d{6}Z_[0-9a-f]{6}\.json$/);
  });
});
