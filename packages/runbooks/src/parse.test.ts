import assert from 'node:assert/strict';
import { test } from 'node:test';

import { missingVariables } from './missing-variables.ts';
import { parseRunbook } from './parse.ts';

const page = (...blocks: readonly string[]) =>
  ['# Title', '', ...blocks.flatMap((block) => ['```aos-step', block, '```', ''])].join('\n');
const problemsOf = (block: string) => parseRunbook('x', page(block)).problems;

test('blocks become steps, in their order, with the line they stand on', () => {
  const text = [
    '---',
    'vars:',
    '  run: { about: which run }',
    '  n: { about: how many, default: "2" }',
    '---',
    page(
      'read: pool\nsay: How many.\nmetric: nova_worker_pool_size',
      'decide: none\nsay: Is it?\nif: pool == 0\ngoto: start\nelse: resolved',
      'act: start\nsay: Start.\ncommand: [npm, run, "${n}"]\nbackground: true\nradius: Here.',
      'act: rerun\nsay: Again.\ncall: POST /v1/runs/${run}/rerun\nbody: { mode: retry }\nscope: runs:write\nradius: One run.\ncareful: true',
      'verify: back\nsay: Back.\nget: /admin/scale\npick: inputs.workers\nuntil: back > 0\nwithin: 2m\nevery: 500ms',
    ),
  ].join('\n');
  const { runbook, problems } = parseRunbook('x', text);
  assert.deepEqual(problems, []);
  assert.equal(runbook.title, 'Title');
  assert.deepEqual(
    runbook.steps.map(({ kind, id, line }) => [kind, id, line]),
    [
      ['read', 'pool', 8],
      ['decide', 'none', 14],
      ['act', 'start', 22],
      ['act', 'rerun', 30],
      ['verify', 'back', 40],
    ],
  );
  assert.deepEqual(runbook.steps[0], {
    kind: 'read',
    id: 'pool',
    say: 'How many.',
    line: 8,
    source: { kind: 'metric', selector: 'nova_worker_pool_size' },
  });
  const [, decide, , act, verify] = runbook.steps;
  assert.equal(decide?.kind === 'decide' && decide.unknown, 'unresolved');
  assert.equal(act?.kind === 'act' && act.careful, true);
  assert.ok(verify?.kind === 'verify');
  assert.deepEqual([verify.withinMs, verify.everyMs, verify.else], [120_000, 500, 'unresolved']);
  assert.deepEqual(missingVariables(runbook, {}), ['run']);
  assert.deepEqual(missingVariables(runbook, { run: 'run_1' }), []);
});

test('what is fenced in another way is no step, and an example of a block is none', () => {
  const text = '# T\n\n````\n```aos-step\nread: x\n```\n````\n\n~~~sh\naos check\n~~~\n';
  assert.deepEqual(parseRunbook('x', text), {
    runbook: { name: 'x', title: 'T', variables: {}, steps: [], markdown: text },
    problems: [],
  });
});

test('each mistake is told with its line', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['say: x', /^Line 3: a step begins with read, decide, act or verify/],
    ['read: a\nsay: x', /^Line 3: it reads exactly one of metric, get and promql/],
    ['read: a\nsay: x\nmetric: m\npromql: m', /exactly one/],
    ['read: a\nsay: x\nmetric: m\npick: a', /pick goes with get/],
    ['read: A\nsay: x\nmetric: m', /^Line 3: .*read/],
    ['read: a\nmetric: m', /say/],
    ['read: a\nsay: x\nmetric: m\nwhat: y', /what/],
    ['act: a\nsay: x\nradius: y', /by a call or by a command/],
    ['act: a\nsay: x\nradius: y\ncall: POST /x', /names the scope/],
    ['act: a\nsay: x\nradius: y\ncall: GET /x\nscope: admin', /call/],
    ['act: a\nsay: x\ncommand: [ls]', /radius/],
    ['act: a\nsay: x\nradius: y\ncommand: "ls; rm"', /command/],
    ['act: a\nsay: x\nradius: y\ncommand: [ls]\nbody: {}', /go with a call/],
    ['verify: a\nsay: x\nmetric: m\nuntil: a > 0\nwithin: 2h', /within/],
    ['verify: a\nsay: x\nmetric: m\nuntil: a > 0\nwithin: 90m', /at most 60m/],
    ['read: a\nread: b', /no YAML/],
    ['read: &a x\nsay: *b', /YAML/],
    ['- a', /Line 3/],
  ];
  for (const [block, sentence] of cases) {
    const problems = problemsOf(block);
    assert.equal(problems.length, 1, block);
    assert.match(problems[0] ?? '', sentence, block);
  }
  assert.match(parseRunbook('x', 'no title').problems[0] ?? '', /no title/);
  const twice = page('read: a\nsay: x\nmetric: m', 'read: a\nsay: x\nmetric: m');
  assert.match(parseRunbook('x', twice).problems[0] ?? '', /the id a is taken/);
  assert.match(parseRunbook('x', '# T\n```aos-step\nread: a\n').problems[0] ?? '', /YAML/);
});

test('a page has a limit', () => {
  assert.match(parseRunbook('x', `# T\n${'x'.repeat(200_000)}`).problems[0] ?? '', /longer than/);
  const many = Array.from({ length: 51 }, (_, n) => `read: r${n}\nsay: x\nmetric: m`);
  assert.match(parseRunbook('x', page(...many)).problems[0] ?? '', /more than 50 steps/);
});
