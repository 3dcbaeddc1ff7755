import assert from 'node:assert/strict';

import { chaos } from '../chaos.ts';
import { cutConnections, killDatabase, restartDatabase } from '../faults/database.ts';
import { cutWire, deafListener, lostAnswers, slowWire } from '../faults/wire.ts';
import { assertSound, type Scenario } from '../scenario.ts';

const quick = { durationMs: 25_000, pauseMs: 800 };

export const f7: Scenario = {
  name: 'F7',
  what: 'the postmaster is killed, again and again',
  passLine: 'nothing that was acknowledged is lost',
  async run({ seed, say }) {
    const result = await chaos({ seed, say, faults: [killDatabase], ...quick });
    assertSound(result, { runs: 20, hits: 2 });
  },
};

export const f8: Scenario = {
  name: 'F8',
  what: 'the server restarts, fast and immediately; all connections are ended',
  passLine: 'no violation, and every process of AOS goes through it',
  async run({ seed, say }) {
    const faults = [restartDatabase, cutConnections];
    const result = await chaos({ seed, say, faults, ...quick });
    assertSound(result, { runs: 20, hits: 2 });
    assert.equal(result.restarts, 0, 'no process ended');
  },
};

export const f11: Scenario = {
  name: 'F11',
  what: 'connections are reset, and the answers to commits are lost',
  passLine: 'no violation of I2, I4 or I7: what is not known is asked, never guessed',
  async run({ seed, say }) {
    const result = await chaos({ seed, say, faults: [lostAnswers, cutWire], ...quick });
    assertSound(result, { runs: 20, hits: 0 });
  },
};

export const f12: Scenario = {
  name: 'F12',
  what: 'the connection that hears notices is dead, and nobody is told',
  passLine: 'no violation; whoever listens finds out within its lease and begins anew',
  async run({ seed, say }) {
    const result = await chaos({ seed, say, faults: [deafListener], ...quick });
    assertSound(result, { runs: 20, hits: 1 });
    assert.equal(result.restarts, 0, 'no process ended');
  },
};

export const f15: Scenario = {
  name: 'F15',
  what: 'the way to the database is long: up to 300 ms more in each direction',
  passLine: 'no lease is lost for it: no worker is taken for dead',
  async run({ seed, say }) {
    const result = await chaos({ seed, say, faults: [slowWire], ...quick });
    assertSound(result, { runs: 20, hits: 1 });
    assert.equal(result.workersLost, 0, 'false takeovers');
  },
};
