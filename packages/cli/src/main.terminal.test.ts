import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';

import { startStandIn } from './api.fixture.ts';
import { startInTerminal } from './aos.fixture.ts';
import { beginning, eventsOf, runId, story } from './scene.fixture.ts';
import { screenAfter } from './terminal.fixture.ts';

const noScript = spawnSync('script', ['--version']).status === 0 ? false : 'no util-linux script';
const size = { columns: 70, rows: 20 };
const goal = 'Fetch HTML of google.com';

describe('on a terminal', { concurrency: 2, skip: noScript, timeout: 120_000 }, () => {
  test('one picture is painted over until the run ends, then comes the report', async () => {
    await using api = await startStandIn();
    api.tap.holdAt = 5;
    const running = startInTerminal(['run', goal], size, { api });
    await running.printed('… extract');
    api.tap.goOn();
    const { code, out } = await running.ended;
    assert.equal(code, 0);
    const screen = screenAfter(out, size.columns).map((line) => line.trimEnd());
    const picture = screen.slice(0, screen.indexOf(''));
    assert.deepEqual(picture, [
      `${runId}  Fetch HTML of google.com, …`,
      '██████████████████████████████ 100%  3 of 3 steps  succeeded  2.1 s',
      '✓ fetch    http_request  412 ms',
      '✓ extract  html_extract  38 ms',
      '✓ summary  llm_invoke    1.5 s',
    ]);
    assert.ok(screen.includes('✓ Succeeded after 2.1 s, 3 steps, planner rules'));
  });

  test('while it runs, the picture shows percent, what runs, and what waits', async () => {
    await using api = await startStandIn({
      events: eventsOf([
        ...beginning,
        { type: 'step.completed', step: 'fetch', skill: 'http_request', attempt: 2, durationMs: 9 },
        {
          type: 'approval.requested',
          step: 'extract',
          approvalId: 'apr_1',
          kind: 'step',
        },
        { type: 'run.waiting', waitingFor: 'approval' },
        ...story.slice(-1).map(({ type, data }) => ({ type, ...data })),
      ]),
    });
    api.tap.holdAt = 6;
    const running = startInTerminal(['run', goal], size, { api });
    await running.printed('aos approvals');
    running.child.kill('SIGTERM');
    const screen = screenAfter((await running.ended).out, size.columns).map((line) =>
      line.trimEnd(),
    );
    assert.match(screen[1] ?? '', /^█+░+ {2}33% {2}1 of 3 steps {2}waiting for approval/);
    assert.deepEqual(screen.slice(2, 6), [
      '✓ fetch    http_request  9 ms, 2 attempts',
      '⏸ extract  html_extract  waits for approval: apr_1',
      '· summary  llm_invoke',
      'It waits for you: aos approvals',
    ]);
  });

  test('Ctrl-C on the keyboard stops the watching and leaves the cursor on a line of its own', async () => {
    await using api = await startStandIn();
    api.tap.holdAt = 5;
    const running = startInTerminal(['run', goal], size, { api, typing: true });
    await running.printed('… extract');
    running.child.stdin.write('\u0003');
    const { code, out } = await running.ended;
    assert.equal(code, 130);
    const screen = screenAfter(out.replaceAll('^C', ''), size.columns);
    assert.match(screen[1] ?? '', /33% {2}1 of 3 steps {2}running/);
    assert.match(screen[5] ?? '', /^Stopped watching; the run goes on\. Watch it: aos watch run_/);
  });

  for (const environment of [{ NO_COLOR: '1' }, { TERM: 'dumb' }, { CI: 'true' }]) {
    test(`with ${Object.entries(environment).flat().join('=')} there are plain lines only`, async () => {
      await using api = await startStandIn();
      const { code, out } = await startInTerminal(['run', goal], size, { api, environment }).ended;
      assert.equal(code, 0);
      // oxlint-disable-next-line no-control-regex -- there must be none
      assert.doesNotMatch(out, /\u001b/);
      assert.match(out, /\[ 33%\] ✓ fetch/);
    });
  }

  test('hostile texts change neither the picture nor anything else of the terminal', async () => {
    const nasty = '\u001b]52;c;cm0gLXJmIC8=\u0007\u001b[2J\u001b[10A\u009b3B\nnext\u202e';
    await using api = await startStandIn({
      events: eventsOf([
        ...beginning,
        {
          type: 'step.failed',
          step: 'fetch',
          skill: 'http_request',
          attempt: 1,
          durationMs: 9,
          failure: { code: 'target_failed', detail: nasty },
        },
        { type: 'run.finished', outcome: 'failed', durationMs: 20 },
      ]),
    });
    api.scene.run = { ...api.scene.run, goal: nasty };
    const { out } = await startInTerminal(['run', goal], size, { api }).ended;
    // Unknown sequences make the test's terminal throw; these are the ones it would obey.
    assert.doesNotMatch(out, /52;c|\[2J|\[10A|\u009b|\u202e/);
    const screen = screenAfter(out, size.columns).map((line) => line.trimEnd());
    assert.equal(screen[0], `${runId}  next`);
    assert.equal(screen[2], '✗ fetch    http_request  9 ms, target_failed: next');
  });

  test('a table fits the screen', async () => {
    await using api = await startStandIn();
    const { out } = await startInTerminal(['list'], { columns: 80, rows: 20 }, { api }).ended;
    for (const line of screenAfter(out, 200)) assert.ok(line.length <= 80, line);
    assert.match(out, /Fetch.*…/);
  });
});
