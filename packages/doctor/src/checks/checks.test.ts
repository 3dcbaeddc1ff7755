import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { health } from '@aos/store';

import { certificateFinding } from './certificates.ts';
import { checkClock } from './clock.ts';
import { checkConfiguration } from './configuration.ts';
import { checkDisk, diskFinding } from './disk.ts';
import { checkDurability } from './durability.ts';
import { checkSchema } from './schema.ts';
import { checkServer } from './server.ts';
import { checkTables } from './tables.ts';
import { checkWorkers } from './workers.ts';

const DAY_MS = 86_400_000;
const now = new Date('2026-11-25T12:00:00Z');

const sound: health.Health = {
  serverVersion: 180_004,
  now,
  settings: new Map([
    ['fsync', 'on'],
    ['full_page_writes', 'on'],
    ['synchronous_commit', 'on'],
    ['data_checksums', 'on'],
  ]),
  isReplica: false,
  connections: { used: 10, max: 100 },
  oldestTransactionS: 1,
  idleSlotBytes: 0,
  archiveFails: false,
  orphanLeases: 0,
  liveWorkers: 2,
  workerVersions: ['0.1.0'],
  tables: [{ name: 'runs', live: 1_000_000, dead: 50_000 }],
  eventPartsUntil: new Date(now.getTime() + 21 * DAY_MS),
};

function of(change: Partial<health.Health>): string[] {
  const state = { ...sound, ...change };
  return [
    ...checkServer(state),
    ...checkDurability(state),
    ...checkTables(state),
    ...checkWorkers(state, '0.1.0'),
  ]
    .filter(({ verdict }) => verdict !== 'ok')
    .map(({ check, verdict }) => `${verdict} ${check}`);
}

function settings(name: string, value: string): ReadonlyMap<string, string> {
  return new Map([...sound.settings, [name, value]]);
}

test('a sound installation has nothing to mend', () => {
  assert.deepEqual(of({}), []);
});

test('each fault is found, alone and by its name', () => {
  assert.deepEqual(of({ serverVersion: 140_010 }), ['fail database']);
  assert.deepEqual(of({ serverVersion: 190_000 }), ['warn database']);
  assert.deepEqual(of({ connections: { used: 81, max: 100 } }), ['warn connections']);
  assert.deepEqual(of({ oldestTransactionS: 301 }), ['warn transactions']);
  assert.deepEqual(of({ oldestTransactionS: undefined }), ['skip transactions']);
  assert.deepEqual(of({ idleSlotBytes: 11 * 2 ** 30 }), ['fail write-ahead log']);
  assert.deepEqual(of({ archiveFails: true }), ['fail write-ahead log']);
  assert.deepEqual(of({ settings: settings('fsync', 'off') }), ['fail durability']);
  assert.deepEqual(of({ settings: settings('synchronous_commit', 'local') }), ['fail durability']);
  assert.deepEqual(of({ settings: settings('data_checksums', 'off') }), ['warn durability']);
  assert.deepEqual(of({ isReplica: true }), ['warn durability']);
  assert.deepEqual(of({ tables: [{ name: 'job', live: 100, dead: 50_000 }] }), ['warn dead rows']);
  assert.deepEqual(of({ eventPartsUntil: new Date(now.getTime() + DAY_MS) }), ['fail event log']);
  assert.deepEqual(of({ eventPartsUntil: undefined }), ['fail event log']);
  assert.deepEqual(of({ liveWorkers: 0, workerVersions: [] }), ['fail workers']);
  assert.deepEqual(of({ workerVersions: ['0.1.0', '0.2.0'] }), ['warn workers']);
  assert.deepEqual(of({ orphanLeases: 3 }), ['fail leases']);
});

test('the clocks may differ by what the answer took, and a second', () => {
  const at = now.getTime();
  assert.equal(checkClock(now, at - 5_000, at + 10)[0]?.verdict, 'ok');
  assert.equal(checkClock(new Date(at + 1_000), at - 10, at)[0]?.verdict, 'ok');
  const [ahead] = checkClock(new Date(at + 3_500), at - 10, at);
  assert.match(ahead?.detail ?? '', /3\.5 s ahead of/);
  const [behind] = checkClock(new Date(at - 2_000), at, at + 10);
  assert.match(behind?.detail ?? '', /2\.0 s behind/);
});

test('a schema is told by what it lacks and what it has in addition, five of each', () => {
  const known = Array.from({ length: 8 }, (_, n) => `column runs.c${n} int`);
  assert.equal(checkSchema(known, known)[0]?.verdict, 'ok');
  const [lacks, has] = checkSchema(['column runs.c0 text', ...known.slice(7)], known);
  assert.match(lacks?.detail ?? '', /lacks: column runs\.c0 int; .*c4 int; and 2 more\.$/);
  assert.match(has?.detail ?? '', /has in addition: column runs\.c0 text\.$/);
});

test('a disk below a tenth is worth a look, below three hundredths it must be mended', () => {
  assert.equal(diskFinding('/x', 11, 100).verdict, 'ok');
  assert.equal(diskFinding('/x', 9, 100).verdict, 'warn');
  assert.equal(diskFinding('/x', 2, 100).verdict, 'fail');
  assert.equal(checkDisk('/nowhere/at/all')[0]?.verdict, 'skip');
});

test('a certificate is worth a look two weeks before its end', () => {
  const at = now.getTime();
  assert.equal(certificateFinding('c', at + 20 * DAY_MS, at).verdict, 'ok');
  assert.equal(certificateFinding('c', at + 13 * DAY_MS, at).verdict, 'warn');
  assert.equal(certificateFinding('c', at - DAY_MS, at).verdict, 'fail');
});

test('settings that no service would start with are told, and names that are none', () => {
  const DATABASE_URL = 'postgres://localhost/aos';
  assert.equal(checkConfiguration({ DATABASE_URL })[0]?.verdict, 'ok');
  const [typo] = checkConfiguration({ DATABASE_URL, AOS_RUN_DAY: '3' });
  assert.equal(typo?.verdict, 'warn');
  const [bad] = checkConfiguration({ DATABASE_URL, WORKER_SLOTS: 'many' });
  assert.equal(bad?.verdict, 'fail');
  assert.match(bad?.detail ?? '', /WORKER_SLOTS/);
});
