import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { startStandIn } from './api.fixture.ts';
import { aos, mainFile } from './aos.fixture.ts';
import { runId } from './scene.fixture.ts';

describe('words that make no sense', { concurrency: 2, timeout: 120_000 }, () => {
  const cases: [string[], RegExp][] = [
    [['lst'], /unknown command 'lst'[^]*Did you mean list\?[^]*See: aos help/],
    [['run'], /missing required argument 'goal'/],
    [['run', 'Fetch', 'the', 'page'], /too many arguments/],
    [['run', 'x', '--bogus'], /unknown option '--bogus'/],
    [['run', 'x', '--planner', 'magic'], /Allowed choices are static, template, rules, claude/],
    [['run', 'x', '--plan', '@none.json'], /--plan: none\.json cannot be read \(ENOENT\)/],
    [['run', 'x', '--input', '{'], /--input is no JSON/],
    [['run', 'x', '--priority', 'high'], /--priority needs a whole number/],
    [['run', 'x', '--param', 'a=1'], /name it with --template/],
    [['run', 'x', '--plan', '{}', '--template', 'a'], /either --plan or --template/],
    [['run', 'x', '--idempotency-key', 'a"b'], /visible ASCII/],
    [['list', '--since', 'soon'], /--since needs a time/],
    [['show', 'run_1'], /"run_1" is no run id/],
    [['approve', runId], /is no id of an approval/],
    [['skills', '..'], /is no name/],
    [['completion', 'tcsh'], /Allowed choices are bash, zsh, fish/],
    [[], /Usage: aos/],
  ];
  for (const [words, expected] of cases) {
    test(`aos ${words.join(' ')} ends with 2 and says what is wrong`, async () => {
      const { code, out, err } = await aos(words, { environment: { AOS_API_KEY: 'k' } });
      assert.match(err, expected);
      assert.equal(out, '');
      assert.equal(code, 2);
    });
  }

  test('a body that the API refuses ends with 2 and names every wrong place', async () => {
    await using api = await startStandIn();
    const errors = [
      { pointer: '#/agent', detail: 'names no agent' },
      { pointer: '#/budget/steps', detail: 'must be >= 1' },
    ];
    api.refuse('/v1/runs', 422, 'invalid_request', { errors });
    const { code, err } = await aos(['run', 'x'], { api });
    assert.equal(code, 2);
    assert.match(
      err,
      /invalid_request.*\n {2}#\/agent names no agent\n {2}#\/budget\/steps must be >= 1\nRequest req-1/,
    );
  });

  test('an id that nothing has ends with 2 and says where to look', async () => {
    await using api = await startStandIn();
    const { code, err } = await aos(['show', runId.replace(/1$/, '9')], { api });
    assert.equal(code, 2);
    assert.match(err, /run_not_found.*\nSee which runs there are: aos list/);
  });
});

describe('an API that cannot be used', { concurrency: 2, timeout: 120_000 }, () => {
  test('nobody listens: one sentence, at once, and 3', async () => {
    const nobody = await otherProgram('', 200);
    nobody[Symbol.dispose]();
    const { code, out, err } = await aos(['list', '--url', nobody.url], {
      environment: { AOS_API_KEY: 'secret-key' },
    });
    assert.equal(code, 3);
    assert.equal(out, '');
    assert.equal(
      err,
      `The API at ${nobody.url} cannot be reached (nothing listens there). Start it with \`npm start\`, or name another one with --url or AOS_URL.\n`,
    );
  });

  test('another program answers: it is named as such, and 3', async () => {
    for (const status of [200, 404]) {
      using other = await otherProgram('<h1>Hello</h1>', status);
      const { code, err } = await aos(['list', '--url', other.url], {
        environment: { AOS_API_KEY: 'secret-key' },
      });
      assert.equal(code, 3);
      assert.match(err, new RegExp(`answers \\(HTTP ${status}\\), but not as AOS does`));
    }
  });

  test('no key: 3, with what to do; the help hints at npm when npm was used', async () => {
    const { code, err } = await aos(['list']);
    assert.equal(code, 3);
    assert.match(err, /^There is no API key\. Give one with --key-file, AOS_API_KEY/);
    await using api = await startStandIn({ runs: [] });
    const environment = { npm_lifecycle_event: 'aos' };
    assert.match((await aos(['list'], { api, environment })).out, /npm run aos -- run "<goal>"/);
  });

  test('a refused key: 3, and the key is never shown', async () => {
    await using api = await startStandIn();
    const environment = { AOS_URL: api.url, AOS_API_KEY: 'wrong-key-of-mine' };
    const { code, out, err } = await aos(['list'], { environment });
    assert.equal(code, 3);
    assert.match(err, /^The API refuses the key.*\nGive the right one with --key-file/);
    assert.ok(!(out + err).includes('wrong-key-of-mine'));
  });

  test('too many requests, missing rights and a failing server: 3, with when to come again', async () => {
    await using api = await startStandIn();
    const cases = [
      [429, 'rate_limited', /Try again in a while/],
      [403, 'forbidden', /Use a key that has the scope/],
      [500, 'internal', /internal.*\nTry again in a while/],
    ] as const;
    for (const [status, code, expected] of cases) {
      api.refuse('/v1/runs', status, code);
      const ended = await aos(['list'], { api });
      assert.equal(ended.code, 3);
      assert.match(ended.err, expected);
    }
  });
});

describe('the program itself', { concurrency: 2, timeout: 120_000 }, () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

  test('the README holds the help as it is printed', async () => {
    const { code, out } = await aos(['help']);
    assert.equal(code, 0);
    assert.ok(readme.includes(`\`\`\`text\n${out}\`\`\``), out);
  });

  test('version tells this program and the API, also when there is none', async () => {
    await using api = await startStandIn();
    const { out } = await aos(['version'], { api });
    assert.match(out, /^aos \d+\.\d+\.\d+, Node v\d+.*\nAPI 9\.9\.9 \(development\) at http/);
    const alone = await aos(['version', '--url', 'http://127.0.0.1:1']);
    assert.equal(alone.code, 0);
    assert.match(alone.out, /\nNo API: /);
    const json = await aos(['version', '--json'], { api });
    assert.equal(JSON.parse(json.out).api.version, '9.9.9');
    assert.match((await aos(['--version'])).out, /^\d+\.\d+\.\d+\n$/);
  });

  test('bash completes commands and options by the script it is given', async () => {
    const { out } = await aos(['completion', 'bash']);
    const completed = (...words: string[]) => {
      const line = words.map((word) => `'${word}'`).join(' ');
      const script = `${out}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _aos; echo "\${COMPREPLY[*]}"`;
      return spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout.trim();
    };
    assert.equal(completed('aos', 'app'), 'approvals approve');
    assert.equal(completed('aos', 'rerun', '--m'), '--mode');
    assert.equal(completed('aos', 'list', '--js'), '--json');
  });

  test('zsh and fish get scripts with every command', async () => {
    for (const shell of ['zsh', 'fish']) {
      const { code, out } = await aos(['completion', shell]);
      assert.equal(code, 0);
      for (const name of ['run', 'artifacts', 'completion']) assert.ok(out.includes(name));
    }
  });

  test('help loads neither the client nor the schemas', () => {
    const hook =
      'data:text/javascript,import{registerHooks}from"node:module";registerHooks({resolve(s,c,n){process._rawDebug(s);return n(s,c)}})';
    const { stderr, status } = spawnSync(process.execPath, ['--import', hook, mainFile, 'help'], {
      encoding: 'utf8',
    });
    assert.equal(status, 0);
    assert.match(stderr, /^commander$/m);
    assert.doesNotMatch(stderr, /@aos\/|ajv/);
  });

  test('a reader that has enough, such as head, is no fault', () => {
    const { status, stderr } = spawnSync(
      'bash',
      ['-c', `'${process.execPath}' '${mainFile}' help | head -1; exit \${PIPESTATUS[0]}`],
      { encoding: 'utf8' },
    );
    assert.deepEqual([status, stderr], [0, '']);
  });
});

/** Another program: whatever is asked, it answers this. */
async function otherProgram(body: string, status: number) {
  const server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'text/html' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, [Symbol.dispose]: () => server.close() };
}
