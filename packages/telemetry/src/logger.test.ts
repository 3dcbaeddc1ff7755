import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

import { createLogger, type Fields, type Logger, type LogLevel } from './logger.ts';

const CANARY = 'canary7Zq9XvB2mN4kLp8RtYw3';

test('a line has time, level, service, event and its fields', () => {
  const { log, lines } = logger();
  log.child({ tenant: 'default' }).warn('step.failed', { step: 'fetch', attempt: 2 });
  const { time, ...line } = lines()[0] ?? {};
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(line, {
    level: 'warn',
    service: 'test',
    event: 'step.failed',
    tenant: 'default',
    step: 'fetch',
    attempt: 2,
  });
});

test('lines below the level are not written', () => {
  const { log, lines } = logger('warn');
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');
  assert.deepEqual(
    lines().map(({ event }) => event),
    ['c', 'd'],
  );
});

test('fields cannot pass themselves off as the head of the line', () => {
  const { log, lines } = logger();
  log.info('real', { level: 'error', event: 'forged', service: 'other', time: 'never' });
  const [line] = lines();
  assert.equal(line?.['level'], 'info');
  assert.equal(line?.['event'], 'real');
  assert.equal(line?.['event_'], 'forged');
});

test('no text can break a line, drive a terminal or hide itself', () => {
  const nasty = 'a\nb\r\u001b[2J\u007f\u0085\u009b1m\u202e\u2066\u200b\u2028\ufeff\u{e0041}\ud800z';
  const { log, raw, lines } = logger();
  log.info(nasty, { [nasty]: nasty });
  // oxlint-disable-next-line no-control-regex -- that is what is looked for
  assert.doesNotMatch(raw().slice(0, -1), /[^\u0020-\u007e]/);
  assert.equal(raw().match(/\n/g)?.length, 1);
  assert.equal(lines()[0]?.['event'], nasty);
});

test('secrets are redacted by the names of their fields', () => {
  const { log, raw } = logger();
  for (const name of [
    'password',
    'DB_PASSWORD',
    'clientSecret',
    'accessToken',
    'Authorization',
    'apiKey',
    'api_key',
    'x-api-key',
    'cookie',
    'set-cookie',
    'credentials',
    'private_key',
    'signature',
  ]) {
    log.info('x', { [name]: CANARY });
    log.info('x', { deep: [{ [name]: { value: CANARY } }] });
  }
  assert.doesNotMatch(raw(), /canary/);
});

test('secrets are redacted by their shape, wherever they stand', () => {
  const { log, raw } = logger();
  for (const text of [
    `aos_0198f1d2_${CANARY}`,
    `sk-ant-api03-${CANARY}`,
    `connect to postgres://aos:${CANARY}@127.0.0.1:5432/aos failed`,
    `https://user:p@ss${CANARY}@host/`,
    `Authorization: Bearer ${CANARY}`,
    `basic ${CANARY}==`,
    `https://host/?token=${CANARY}&x=1`,
    `{"password": "${CANARY}"}`,
    `whsec_${CANARY}`,
    `eyJhbGciOiJIUzI1NiJ9.${CANARY}.${CANARY}`,
    `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----`,
    `-----BEGIN RSA PRIVATE KEY-----\n${CANARY}`,
  ]) {
    log.info(text);
    log.info('x', { text });
    log.info('x', { [text]: 1 });
    log.error('x', { error: new Error(text, { cause: new Error(text) }) });
    log.info('x', { text: 'x '.repeat(990) + text });
  }
  assert.doesNotMatch(raw(), /canary/);
});

test('what is no secret stays readable', () => {
  const { log, lines } = logger();
  const fields = {
    inputTokens: 12,
    url: 'https://example.com/a?page=2',
    role: 'aos_worker',
    task: 'risk-assessment-of-tokens',
  };
  log.info('run.planned', fields);
  const { time: _time, level: _level, service: _service, event, ...rest } = lines()[0] ?? {};
  assert.equal(event, 'run.planned');
  assert.deepEqual(rest, fields);
});

test('redaction takes linear time', () => {
  const { log } = logger();
  const started = performance.now();
  for (const text of ['a://', 'x:y@', 'password', '-----BEGIN ', 'eyJa', '= ', 'aos_-'])
    log.info('x', { text: text.repeat(100_000) });
  assert.ok(performance.now() - started < 1_000);
});

test('values are bounded in length, depth and number', () => {
  const { log, raw, lines } = logger();
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  const wide = Array.from({ length: 40 }, () =>
    Array.from({ length: 40 }, () => 'x'.repeat(1_000)),
  );
  log.info('x', { text: 'é'.repeat(1_000_000), cycle, list: Array(1_000).fill(1) });
  log.info('wide', { wide });
  const [first, second] = lines();
  assert.match(String(first?.['text']), /… \[1000000 characters\]$/);
  assert.match(JSON.stringify(first?.['cycle']), /\[deep\]/);
  assert.equal((first?.['list'] as unknown[] | undefined)?.length, 51);
  assert.match(String(second?.['dropped']), /^fields of \d+ characters$/);
  for (const line of raw().split('\n')) assert.ok(line.length < 40_000);
});

test('anything can be logged', () => {
  const { log, lines } = logger();
  const hostile = {
    get boom(): string {
      throw new Error('getter');
    },
  };
  log.info('x', {
    hostile,
    error: new TypeError('wrong', { cause: 'why' }),
    big: 10n,
    nan: Number.NaN,
    date: new Date(0),
    bytes: Buffer.from('abc'),
    map: new Map([['a', 1]]),
    set: new Set([1]),
    none: undefined,
    call: () => 1,
  });
  const { error, ...line } = lines()[0] ?? {};
  assert.equal((error as Fields)['name'], 'TypeError');
  assert.equal((error as Fields)['cause'], 'why');
  assert.match(String((error as Fields)['stack']), /logger\.test\.ts/);
  delete line['time'];
  assert.deepEqual(line, {
    level: 'info',
    service: 'test',
    event: 'x',
    hostile: '[unreadable]',
    big: '10',
    nan: 'NaN',
    date: '1970-01-01T00:00:00.000Z',
    bytes: '[3 bytes]',
    map: { a: 1 },
    set: [1],
    call: '[function]',
  });
});

test('lines go to stdout, and a process that logs can end', () => {
  const program = `
    import { createLogger } from './logger.ts';
    import { createMetrics } from './metrics.ts';
    createMetrics({ service: 'worker', version: '1' });
    createLogger({ service: 's', level: 'info' }).info('hello');`;
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    timeout: 10_000,
  });
  assert.equal((JSON.parse(out) as Fields)['event'], 'hello');
});

function logger(level: LogLevel = 'debug'): {
  log: Logger;
  raw: () => string;
  lines: () => Record<string, unknown>[];
} {
  let text = '';
  const write = (line: string): void => {
    text += line;
  };
  return {
    log: createLogger({ service: 'test', level, write }),
    raw: () => text,
    lines: () =>
      text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}
