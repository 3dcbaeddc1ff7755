import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { startStandIn } from './api.fixture.ts';
import { aos, startAos, temporaryFolder } from './aos.fixture.ts';
import { beginning, eventsOf, plan, run, runId, story } from './scene.fixture.ts';

const goal = 'Fetch HTML of google.com';

describe('aos run', { concurrency: 2, timeout: 120_000 }, () => {
  test('shows a plain line for each event and then the report, and ends with 0', async () => {
    await using api = await startStandIn();
    const { code, out, err } = await aos(['run', goal], { api });
    assert.equal(err, '');
    assert.equal(code, 0);
    const lines = out.split('\n');
    assert.deepEqual(lines.slice(0, 8), [
      'accepted for the agent default, planner rules',
      'started by wrk_1',
      'planned by rules: 3 steps, 12 ms',
      '[ 33%] ✓ fetch (http_request) completed in 412 ms',
      '… extract (html_extract) started',
      '[ 66%] ✓ extract (html_extract) completed in 38 ms',
      '[100%] ✓ summary (llm_invoke) completed in 1.5 s',
      'finished: succeeded after 2.1 s',
    ]);
    assert.match(out, /✓ Succeeded after 2\.1 s, 3 steps, planner rules/);
    assert.match(out, /Headings\n {2}- Google\n {4}- Search\n {4}- Images\n\nSummary: The page/);
    assert.match(out, /Notes\n {2}- No language model was used/);
    assert.match(out, /Artifacts\n {2}- out\/notes\.md/);
    assert.match(out, new RegExp(`aos show ${runId} --steps`));
    // oxlint-disable-next-line no-control-regex -- there must be none
    assert.doesNotMatch(out, /\u001b/);
  });

  test('sends what the options say, under the key that the user gave', async () => {
    await using api = await startStandIn();
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, 'plan.json'), JSON.stringify(plan));
    const words = `--agent researcher --plan @plan.json --input @- --input n=3 --tag red --tag blue
      --priority 5 --wall-ms 60000 --steps-max 9 --start-at 2030-01-01 --expires-at 2030-01-02
      --planner static --idempotency-key order-66 --detach`.split(/\s+/);
    const { code, out } = await aos(['run', goal, ...words], {
      api,
      folder: folder.path,
      input: '{"n": 1, "from": "stdin"}',
    });
    assert.equal(code, 0);
    assert.equal(out, `${runId}\nWatch it: aos watch ${runId}\n`);
    const { headers, body } = await api.arrived('POST', '/v1/runs');
    assert.equal(headers['idempotency-key'], '"order-66"');
    assert.deepEqual(body, {
      goal,
      agent: 'researcher',
      input: { n: 3, from: 'stdin' },
      plan,
      planner: 'static',
      budget: { wallMs: 60_000, steps: 9 },
      tags: ['red', 'blue'],
      priority: 5,
      startAt: '2030-01-01T00:00:00.000Z',
      expiresAt: '2030-01-02T00:00:00.000Z',
    });
    assert.equal(api.requests.length, 1, 'nobody waits for a detached run');
  });

  test('fills a template', async () => {
    await using api = await startStandIn();
    await aos(['run', goal, '--template', 'digest', '--param', 'url=https://x.test', '-d'], {
      api,
    });
    const { body } = await api.arrived('POST', '/v1/runs');
    assert.deepEqual((body as { plan: unknown }).plan, {
      template: 'digest',
      parameters: { url: 'https://x.test' },
    });
  });

  test('with --json prints the report as the only document', async () => {
    await using api = await startStandIn();
    const { code, out, err } = await aos(['run', goal, '--json'], { api });
    assert.equal(code, 0);
    assert.equal(err, '');
    assert.deepEqual(JSON.parse(out), api.scene.report);
    const detached = await aos(['run', goal, '--json', '--detach'], { api });
    assert.deepEqual(JSON.parse(detached.out), run);
  });

  test('a failed run ends with 1, and says what happened, what it means and what to do', async () => {
    const failure = {
      code: 'address_refused',
      detail: '127.0.0.1 is a loopback address.',
      meaning: 'The address is private, reserved or not allowed; skills may not reach it.',
      step: 'fetch',
    } as const;
    await using api = await startStandIn({
      events: eventsOf([
        ...beginning,
        {
          type: 'step.failed',
          step: 'fetch',
          skill: 'http_request',
          attempt: 1,
          durationMs: 3,
          failure: { code: failure.code, detail: failure.detail },
        },
        { type: 'step.skipped', step: 'extract', reason: 'input_missing' },
        { type: 'run.finished', outcome: 'failed', durationMs: 20, failure },
      ]),
    });
    api.scene.report = {
      ...api.scene.report,
      outcome: 'failed',
      failure,
      output: null,
      gaps: [{ step: 'extract', why: 'A step it reads has no output.' }],
      usage: {
        model: 'claude',
        inputTokens: 100,
        outputTokens: 50,
        cacheReadTokens: 10,
        cacheWriteTokens: 0,
        costUsd: 0.0042,
      },
    };
    const { code, out } = await aos(['run', goal], { api });
    assert.equal(code, 1);
    assert.match(out, /✗ fetch \(http_request\) failed after 3 ms: address_refused: 127/);
    assert.match(out, /– extract skipped: what it reads is missing/);
    assert.match(
      out,
      /address_refused in the step fetch\n {2}127\.0\.0\.1 is a loopback address\.\n {2}The address is private.*\n {2}If skills are meant.*AOS_ALLOW_PRIVATE_HOSTS/,
    );
    assert.match(out, /Missing\n {2}- extract: A step it reads has no output\./);
    assert.match(out, /Cost \$0\.0042: claude, 110 tokens in, 10 of them from the cache, 50 out/);
  });

  test('Ctrl-C stops the watching, not the run, and says how to go on', async () => {
    await using api = await startStandIn();
    api.tap.holdAt = 5;
    const running = startAos(['run', goal], { api });
    await running.printed('extract (html_extract) started');
    running.child.kill('SIGINT');
    running.child.kill('SIGINT'); // as npm and the terminal do
    const { code, out, err } = await running.ended;
    assert.equal(code, 130);
    assert.doesNotMatch(out, /Succeeded/);
    assert.equal(
      err,
      `Stopped watching; the run goes on. Watch it: aos watch ${runId}\nStop it: aos cancel ${runId}\n`,
    );
    assert.ok(!api.requests.some(({ path }) => path.endsWith('/cancel')));
  });

  test('a broken connection is taken up again without a gap or a repetition', async () => {
    await using api = await startStandIn();
    api.tap.holdAt = 4;
    const running = startAos(['run', goal], { api });
    await running.printed('✓ fetch');
    api.tap.goOn();
    const { code, out } = await running.ended;
    assert.equal(code, 0);
    assert.equal(out.match(/✓ \w+ \(/g)?.length, 3);
    assert.deepEqual(
      api.requests
        .filter(({ path }) => path.endsWith('/events'))
        .map(({ headers }) => headers['last-event-id']),
      [undefined, '3'],
    );
  });

  test('when nothing happens it tells why', async () => {
    await using api = await startStandIn({
      why: {
        runId,
        status: 'queued',
        reasons: [{ code: 'no_live_worker', detail: 'No worker is alive to take it; start one.' }],
      },
    });
    api.tap.holdAt = 1;
    const running = startAos(['run', goal], { api });
    await running.printed('No worker is alive to take it; start one.');
    api.tap.goOn();
    assert.equal((await running.ended).code, 0);
  });

  test('when the API is gone it says so and tries on, until Ctrl-C', async () => {
    const api = await startStandIn();
    api.tap.holdAt = 4;
    const running = startAos(['run', goal], { api });
    await running.printed('✓ fetch');
    await api[Symbol.asyncDispose]();
    await running.printed('The API does not answer; still trying.');
    running.child.kill('SIGINT');
    assert.equal((await running.ended).code, 130);
  });

  test('texts of the API reach the terminal without anything it would obey', async () => {
    const nasty =
      'a\u001b]52;c;cm0gLXJmIC8=\u0007\u001b[2J\u001b[31mb\u202ec\u009b5Ad\nForged line';
    const failure = { code: 'target_failed', detail: nasty } as const;
    await using api = await startStandIn({
      events: eventsOf([
        ...beginning,
        {
          type: 'step.failed',
          step: 'fetch',
          skill: 'http_request',
          attempt: 1,
          durationMs: 3,
          failure,
        },
        { type: 'run.finished', outcome: 'failed', durationMs: 20, failure },
      ]),
    });
    api.scene.report = {
      ...api.scene.report,
      outcome: 'failed',
      output: { [nasty]: nasty },
      failure: { ...failure, meaning: nasty },
      notes: [nasty],
    };
    const { code, out } = await aos(['run', goal], { api });
    assert.equal(code, 1);
    // oxlint-disable-next-line no-control-regex -- there must be none
    assert.doesNotMatch(out, /[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]|52;c/);
    assert.match(out, /failed after 3 ms: target_failed: abcd Forged line$/m);
    const json = await aos(['run', goal, '--json'], { api });
    // oxlint-disable-next-line no-control-regex -- there must be none
    assert.doesNotMatch(json.out, /[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    assert.deepEqual(JSON.parse(json.out), api.scene.report);
  });
});

describe('aos watch, rerun and cancel', { concurrency: 2, timeout: 120_000 }, () => {
  test('watch shows a finished run again, by an id without its prefix', async () => {
    await using api = await startStandIn();
    const { code, out } = await aos(['watch', runId.slice(4).toUpperCase()], { api });
    assert.equal(code, 0);
    assert.equal(
      out.split('\n').findIndex((line) => line.startsWith('finished')),
      story.length - 1,
    );
    assert.match(out, /✓ Succeeded/);
  });

  test('rerun sends mode, step and reason, and shows the new run', async () => {
    await using api = await startStandIn();
    const words = ['--mode', 'retry', '--from-step', 'extract', '--reason', 'The host is back.'];
    const { code, out } = await aos(['rerun', runId, ...words], { api });
    assert.equal(code, 0);
    assert.match(out, /✓ Succeeded/);
    const { body } = await api.arrived('POST', `/v1/runs/${runId}/rerun`);
    assert.deepEqual(body, { mode: 'retry', fromStep: 'extract', reason: 'The host is back.' });
    const detached = await aos(['rerun', runId, ...words, '--detach', '--json'], { api });
    assert.equal(JSON.parse(detached.out).id, runId);
  });

  test('rerun asks for a mode and a reason', async () => {
    const { code, err } = await aos(['rerun', runId, '--mode', 'retry']);
    assert.equal(code, 2);
    assert.match(err, /--reason <words>' not specified/);
  });

  test('cancel tells what became of the run', async () => {
    await using api = await startStandIn();
    const told = async () => (await aos(['cancel', runId], { api })).out;
    assert.match(await told(), /had finished before: succeeded/);
    api.scene.run = { ...run, outcome: 'cancelled' };
    assert.match(await told(), /is cancelled\./);
    api.scene.run = { ...run, status: 'running', outcome: null };
    assert.match(await told(), /will be cancelled.*aos watch/);
    assert.equal(JSON.parse((await aos(['cancel', runId, '--json'], { api })).out).id, runId);
  });
});
