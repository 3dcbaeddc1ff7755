import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseRunbook } from './parse.ts';
import { timelineMarkdown, type Entry, type Timeline } from './timeline.ts';
import { walk, type Answer, type Ports, type Question } from './walk.ts';

const read = (id: string, path = `/${id}`) => `read: ${id}\nsay: s\nget: ${path}\npick: v`;
const decide = (id: string, condition: string, goto: string, otherwise = 'next') =>
  `decide: ${id}\nsay: s\nif: ${condition}\ngoto: ${goto}\nelse: ${otherwise}\nunknown: unresolved`;
const call = (id: string, path: string) =>
  `act: ${id}\nsay: Do ${id}.\ncall: POST ${path}\nbody: { n: "\${pool}" }\nscope: admin\nradius: \${pool} things.`;
const verify = (id: string, until: string, more = '') =>
  `verify: ${id}\nsay: s\nget: /${id}\npick: v\nuntil: ${until}\nwithin: 10s\nevery: 1s${more}`;

function runbookOf(...blocks: readonly string[]) {
  const text = `# T\n\n${blocks.map((block) => `\`\`\`aos-step\n${block}\n\`\`\`\n`).join('\n')}`;
  const { runbook, problems } = parseRunbook('T', text);
  assert.deepEqual(problems, []);
  return runbook;
}

interface World extends Partial<Ports> {
  readonly values?: Readonly<Record<string, readonly unknown[]>>;
  readonly agrees?: boolean;
  readonly answer?: Answer;
}

/** A world whose time passes only by pauses; the nth look at a path sees its nth value, and then the last. */
async function walked(blocks: readonly string[], world: World = {}, variables = {}) {
  const { values = {}, agrees = true, answer = { result: 'done' }, ...more } = world;
  const entries: Entry[] = [];
  const asked: Question[] = [];
  const called: unknown[] = [];
  const looks = new Map<string, number>();
  let clock = Date.parse('2026-01-01T00:00:00Z');
  const outcome = await walk(runbookOf(...blocks), variables, {
    now: () => new Date(clock),
    pause: async (ms) => void (clock += ms),
    async get(path) {
      const of = values[path.slice(1)];
      if (!of) return { ok: false, why: 'it is away' };
      const nth = looks.get(path) ?? 0;
      looks.set(path, nth + 1);
      return { ok: true, value: { v: of[Math.min(nth, of.length - 1)] } };
    },
    exposition: async () => ({ ok: true, value: 'nova_x 3\n' }),
    promql: async () => ({ ok: false, why: 'not set', lasting: true }),
    async confirm(question) {
      asked.push(question);
      return agrees;
    },
    async call(method, path, body) {
      called.push([method, path, body]);
      return answer;
    },
    async command(words, background) {
      called.push([words, background]);
      return answer;
    },
    record: async (entry) => void entries.push(entry),
    ...more,
  });
  const results = entries.map(({ step, result }) => `${step}: ${result}`);
  return { outcome, entries, asked, called, results };
}

test('it reads, decides, asks, acts and looks until it is over', async () => {
  const blocks = [
    read('pool'),
    decide('down', 'pool == 0', 'start', 'resolved'),
    read('passed_over'),
    call('start', '/start/${pool}'),
    verify('back', 'back > pool'),
  ];
  const it = await walked(blocks, { values: { pool: [0], back: [0, 0, 2] } });
  assert.equal(it.outcome, 'resolved');
  assert.deepEqual(it.results, ['pool: read', 'down: yes', 'start: done', 'back: met']);
  assert.deepEqual(it.called, [['POST', '/start/0', { n: 0 }]]);
  assert.deepEqual(it.asked, [
    {
      step: 'start',
      say: 'Do start.',
      what: 'POST /start/0 {"n":0}',
      scope: 'admin',
      radius: '0 things.',
      careful: false,
    },
  ]);
  assert.equal(it.entries.at(-1)?.durationMs, 2_000);
  assert.match(it.entries.at(-1)?.detail ?? '', /looks: 3/);
  const fine = await walked(blocks, { values: { pool: [5] } });
  assert.deepEqual([fine.outcome, fine.results], ['resolved', ['pool: read', 'down: no']]);
});

test('nothing is done without a yes, and the walk goes on', async () => {
  const it = await walked([read('pool'), call('start', '/x'), verify('back', 'back == 1')], {
    values: { pool: [0], back: [1] },
    agrees: false,
  });
  assert.deepEqual(it.called, []);
  assert.deepEqual(it.results, ['pool: read', 'start: declined', 'back: met']);
});

test('what is refused or fails ends it, unresolved and recorded', async () => {
  for (const result of ['refused', 'failed'] as const) {
    const it = await walked([read('pool'), call('start', '/x'), verify('back', 'back == 1')], {
      values: { pool: [0], back: [1] },
      answer: { result, detail: '403 forbidden' },
    });
    assert.equal(it.outcome, 'unresolved');
    assert.deepEqual(it.results, ['pool: read', `start: ${result}`]);
    assert.equal(it.entries.at(-1)?.detail, '403 forbidden');
  }
});

test('how an act ended can be decided by', async () => {
  const blocks = [
    'act: stop\nsay: s\ncommand: [ls]\nradius: r',
    decide('did', "stop == 'done'", 'resolved'),
    verify('back', 'back == 1'),
  ];
  assert.deepEqual((await walked(blocks)).results, ['stop: done', 'did: yes']);
  const declined = await walked(blocks, { agrees: false, values: { back: [1] } });
  assert.deepEqual(declined.results, ['stop: declined', 'did: no', 'back: met']);
});

test('a condition that is not met in time is unresolved, or goes elsewhere', async () => {
  const late = await walked([verify('back', 'back == 1')], { values: { back: [0] } });
  assert.deepEqual([late.outcome, late.results], ['unresolved', ['back: not met']]);
  assert.equal(late.entries[0]?.durationMs, 10_000);
  const blocks = [verify('back', 'back == 1', '\nelse: undo'), read('skipped'), call('undo', '/x')];
  const undone = await walked(['read: pool\nsay: s\nmetric: nova_x', ...blocks], {
    values: { back: [0] },
  });
  assert.deepEqual(undone.results, ['pool: read', 'back: not met', 'undo: done']);
  assert.equal(undone.outcome, 'unresolved', 'nothing was verified after it');
});

test('what could not be read is unknown, and what hangs on it too', async () => {
  const it = await walked([read('pool'), decide('down', 'pool == 0', 'resolved')]);
  assert.deepEqual([it.outcome, it.results], ['unresolved', ['pool: unknown', 'down: unknown']]);
  const act = await walked([read('pool'), call('start', '/x'), verify('back', 'back == 1')]);
  assert.deepEqual(act.results, ['pool: unknown', 'start: failed']);
  assert.deepEqual(act.asked, [], 'nobody is asked about what cannot be done');
});

test('it does not wait for what will never be read', async () => {
  const it = await walked(['verify: up\nsay: s\npromql: up\nuntil: up == 1\nwithin: 60m']);
  assert.deepEqual([it.outcome, it.entries[0]?.durationMs], ['unresolved', 0]);
});

test('the timeline is a table that no value breaks', () => {
  const entry: Entry = {
    at: '2026-01-01T00:00:01.500Z',
    step: 'pool',
    kind: 'read',
    say: 's',
    what: 'a | b\n<script>',
    result: 'read',
    value: null,
    durationMs: 3,
  };
  const timeline: Timeline = {
    version: 1,
    incident: 'inc_1',
    runbook: 'T',
    digest: 'a'.repeat(64),
    api: 'http://127.0.0.1:1',
    variables: { n: '2' },
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:02.500Z',
    outcome: 'resolved',
    entries: [entry],
  };
  const text = timelineMarkdown(timeline);
  assert.match(text, /^# T: resolved$/m);
  assert.match(text, /^- Ended: 2026-01-01T00:00:02.500Z \(2.5 s\)$/m);
  assert.match(text, /^\| 00:00:01.500 \| read pool \| a \\\| b &lt;script> \| read: none \|$/m);
});
