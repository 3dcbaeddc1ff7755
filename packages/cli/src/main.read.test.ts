import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { startStandIn } from './api.fixture.ts';
import { aos, temporaryFolder } from './aos.fixture.ts';
import { approval, approvalId, beginning, eventsOf, run, runId } from './scene.fixture.ts';

describe('reading runs', { concurrency: 2, timeout: 120_000 }, () => {
  test('list is a table; filters are sent; the next page is one command away', async () => {
    await using api = await startStandIn({
      nextCursor: 'abc=',
      runs: [
        run,
        { ...run, status: 'waiting', outcome: null, waitingFor: 'approval', goal: '漢字\u001b[2J' },
      ],
    });
    const words = '--status waiting --tag demo --since 2026-05-01 --limit 2 --q'.split(' ');
    const { code, out } = await aos(['list', ...words, 'two words'], { api });
    assert.equal(code, 0);
    const [head, first, second, more] = out.split('\n');
    assert.match(head ?? '', /^RUN +STATE +STEPS +AGE +GOAL$/);
    assert.match(first ?? '', new RegExp(`^${runId} +succeeded +3/3 +\\S+ \\w+ +Fetch HTML`));
    assert.match(second ?? '', /waiting \(approval\).*漢字$/);
    assert.equal(
      more,
      `More: aos list --limit 2 --status waiting --tag demo --since 2026-05-01 --q 'two words' --cursor abc=`,
    );
    const { query } = await api.arrived('GET', '/v1/runs');
    assert.deepEqual(Object.fromEntries(query), {
      status: 'waiting',
      tag: 'demo',
      q: 'two words',
      limit: '2',
      createdAfter: '2026-05-01T00:00:00.000Z',
    });
  });

  test('an empty list says how to start', async () => {
    await using api = await startStandIn({ runs: [] });
    assert.match((await aos(['list'], { api })).out, /No runs\. Start one: aos run/);
  });

  test('show tells a run at a glance, with its steps', async () => {
    await using api = await startStandIn();
    const { out } = await aos(['show', runId], { api });
    assert.match(out, /^State +succeeded$/m);
    assert.match(out, /^Progress +100%, 3 of 3 steps$/m);
    assert.match(out, /^fetch +http_request +completed +1 +412 ms$/m);
    assert.match(out, new RegExp(`Report: aos report ${runId}\n$`));
  });

  test('show has each part of a run, as text and as one JSON document', async () => {
    await using api = await startStandIn();
    const parts: [string, RegExp, string][] = [
      ['--steps', /^summary +llm_invoke +completed/m, 'items'],
      ['--events', /^2026-05-01 09:00:00 UTC {2}planned by rules: 3 steps/m, 'items'],
      ['--plan', /^ {3}2\. extract {2}html_extract {2}after fetch$/m, 'plan'],
      ['--report', /^✓ Succeeded/, 'output'],
      ['--why', /^- It succeeded\.$/m, 'reasons'],
    ];
    for (const [part, expected, member] of parts) {
      assert.match((await aos(['show', runId, part], { api })).out, expected);
      assert.ok(member in JSON.parse((await aos(['show', runId, part, '--json'], { api })).out));
    }
    assert.deepEqual(JSON.parse((await aos(['show', runId, '--json'], { api })).out), run);
    assert.equal((await aos(['show', runId, '--plan', '--why'], { api })).code, 2);
  });

  test('many events are shown from the end, and --all shows all of them', async () => {
    const step = { type: 'step.skipped', reason: 'condition' } as const;
    await using api = await startStandIn({
      events: eventsOf([
        ...beginning,
        ...Array.from({ length: 300 }, (_, index) => ({ ...step, step: `s${index}` })),
      ]),
    });
    const short = (await aos(['show', runId, '--events'], { api })).out.split('\n');
    assert.equal(short[0], `… 103 earlier events: aos show ${runId} --events --all`);
    assert.equal(short.length, 202);
    const all = (await aos(['show', runId, '--events', '--all'], { api })).out.split('\n');
    assert.equal(all.length, 304);
  });

  test('report has a Markdown form in which texts of the run are no markup', async () => {
    await using api = await startStandIn();
    api.scene.report = {
      ...api.scene.report,
      goal: '# <b>not</b> *bold*',
      output: { a: '```\n# x' },
    };
    const { out } = await aos(['report', runId, '--markdown'], { api });
    assert.match(out, /^# \\# \\<b\\>not\\<\/b\\> \\\*bold\\\*$/m);
    assert.match(out, /^\\`\\`\\`\n\\# x$/m);
    assert.match((await aos(['report', runId], { api })).out, /✓ Succeeded/);
    assert.ok('claims' in JSON.parse((await aos(['report', runId, '--json'], { api })).out));
  });

  test('why names each reason and what the reader can do', async () => {
    await using api = await startStandIn({
      why: {
        runId,
        status: 'waiting',
        reasons: [{ code: 'waiting_for_approval', detail: 'A human must allow it.', approvalId }],
      },
    });
    const { out } = await aos(['why', runId], { api });
    assert.match(
      out,
      new RegExp(`waiting\\.\n- A human must allow it\\.\n  decide: aos approve ${approvalId}`),
    );
    assert.ok('reasons' in JSON.parse((await aos(['why', runId, '--json'], { api })).out));
  });

  test('artifacts are listed, and written byte for byte, never over another file', async () => {
    await using api = await startStandIn();
    using folder = temporaryFolder();
    const get = (...words: string[]) =>
      aos(['artifacts', runId, ...words], { api, folder: folder.path });
    assert.match((await get()).out, /^out\/notes\.md +text\/markdown +2\.0 kB +summary/m);
    assert.ok('items' in JSON.parse((await get('--json')).out));
    const file = join(folder.path, 'out/notes.md');
    assert.match((await get('out/notes.md')).err, /Written to .*out\/notes\.md \(256 B\)/);
    assert.deepEqual(new Uint8Array(readFileSync(file)), api.scene.content);
    const again = await get('out/notes.md');
    assert.equal(again.code, 2);
    assert.match(again.err, /exists already.*--force/);
    assert.equal((await get('out/notes.md', '--force')).code, 0);
    assert.equal((await get('out/notes.md', '-o', 'copy')).code, 0);
    assert.equal((await get('out/notes.md', '-o', '-')).out.length > 0, true);
    for (const name of ['../out', '/etc/passwd', '.hidden'])
      assert.equal((await get(name)).code, 2);
    assert.deepEqual(readdirSync(folder.path).toSorted(), ['copy', 'out']);
  });
});

describe('the catalog, plans and decisions', { concurrency: 2, timeout: 120_000 }, () => {
  test('skills are a table; one is told with everything needed to use it', async () => {
    await using api = await startStandIn();
    assert.match(
      (await aos(['skills'], { api })).out,
      /^http_request +1\.2\.0 +unkeyed +Send one/m,
    );
    const { out } = await aos(['skills', 'http_request'], { api });
    assert.match(out, /url {2}string, required, up to 2048 characters\. Where to\./);
    assert.match(out, /method {2}one of "GET", "POST", default "GET"/);
    assert.match(out, /^ {4}follow {2}boolean$/m);
    assert.match(out, /unkeyed: changes something; a human decides.*\n {2}read with method GET/);
    for (const word of ['network:http', '30 s', 'target_unreachable', 'A page']) {
      assert.ok(out.includes(word), word);
    }
    assert.ok('items' in JSON.parse((await aos(['skills', '--json'], { api })).out));
    assert.equal(
      JSON.parse((await aos(['skills', 'http_request', '--json'], { api })).out).name,
      'http_request',
    );
  });

  test('agents are a table; one is told with its templates', async () => {
    await using api = await startStandIn();
    assert.match((await aos(['agents'], { api })).out, /^researcher +3 +active +auto +Reads/m);
    const { out } = await aos(['agents', 'researcher'], { api });
    assert.match(out, /Limits: 10 min from start to end/);
    assert.match(
      out,
      /Template digest: A digest.*\n {2}url {2}string, required\n.*--template digest/,
    );
    assert.ok('items' in JSON.parse((await aos(['agents', '--json'], { api })).out));
  });

  test('plan shows steps, effects and permissions, and says that nothing was executed', async () => {
    await using api = await startStandIn();
    const { code, out } = await aos(['plan', 'A goal', '--input', 'a=1'], { api });
    assert.equal(code, 0);
    assert.match(out, /^3 steps planned by rules for the agent default\. Nothing was executed\.$/m);
    assert.match(
      out,
      /1\. fetch {2}http_request 1\.0\.0\n.*url: .*\n.*only reads; permission network:http/,
    );
    assert.match(out, /Note: The goal names no scheme/);
    assert.match(out, /It may run as it is\./);
    assert.deepEqual(
      api.requests.map(({ method, path, body }) => [method, path, body]),
      [['POST', '/v1/simulate', { goal: 'A goal', input: { a: 1 } }]],
    );
  });

  test('plan names every problem of a plan that may not run, and ends with 2', async () => {
    await using api = await startStandIn();
    const { simulation } = api.scene;
    api.scene.simulation = {
      ...simulation,
      approvals: ['fetch'],
      steps: simulation.steps.map((step) => ({
        ...step,
        approval: 'It is dear.',
        skillVersion: null,
      })),
      problems: [{ pointer: '#/steps/0/skill', detail: 'no such skill' }],
    };
    const { code, out } = await aos(['plan', 'A goal'], { api });
    assert.equal(code, 2);
    assert.match(out, /waits for approval: It is dear\./);
    assert.match(out, /It may not run: 1 problem\n {2}#\/steps\/0\/skill no such skill/);
    const json = await aos(['plan', 'A goal', '--json'], { api });
    assert.equal(json.code, 2);
    assert.deepEqual(JSON.parse(json.out), api.scene.simulation);
  });

  test('approvals show exactly what will be sent', async () => {
    await using api = await startStandIn();
    const { out } = await aos(['approvals', '--run', runId], { api });
    assert.match(out, /It writes to a customer\.\n {2}May it start\?\n {4}To: ada@example\.com/);
    const { query } = await api.arrived('GET', '/v1/approvals');
    assert.deepEqual(Object.fromEntries(query), { status: 'open', runId, limit: '20' });
    api.scene.approvals = [];
    assert.equal((await aos(['approvals'], { api })).out, 'Nothing waits for a decision.\n');
  });

  test('approve and reject decide with a comment; a decided one names the decision that stands', async () => {
    await using api = await startStandIn();
    const path = `/v1/approvals/${approvalId}/decision`;
    assert.match(
      (await aos(['approve', approvalId.slice(4)], { api })).out,
      /^Approved: the step notify/,
    );
    const rejected = await aos(['reject', approvalId, '--comment', 'No.', '--json'], { api });
    assert.equal(JSON.parse(rejected.out).decided.decision, 'reject');
    assert.deepEqual(
      api.requests.map(({ body }) => body),
      [{ decision: 'approve' }, { decision: 'reject', comment: 'No.' }],
    );
    const decided = { decision: 'approve', by: 'ada', at: approval.createdAt } as const;
    api.refuse(path, 409, 'approval_decided', { decided });
    const late = await aos(['reject', approvalId], { api });
    assert.equal(late.code, 2);
    assert.match(late.err, /approval_decided.*\nada chose to approve at 2026/);
  });
});
