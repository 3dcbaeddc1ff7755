import type { Drill } from '../drill.ts';
import { eventually } from '../eventually.ts';
import { youngerAge } from '../faults/override.ts';

const LIMIT_MS = 30_000;

export const approvalsOverdue: Drill = {
  alert: 'ApprovalsOverdue',
  severity: 'warning',
  fault: 'A run asks for leave, and nobody answers.',
  overrides: youngerAge('ApprovalsOverdue', '> 14400', '> 10'),
  async breakIt({ client, pages }) {
    await client.runs.create({
      goal: 'Ask first',
      plan: {
        version: 1,
        steps: [
          {
            key: 'send',
            skill: 'http_request',
            input: { url: pages.url, method: 'POST' },
            approval: { reason: 'It changes something outside.' },
          },
        ],
      },
    });
    await eventually(
      { what: 'the run asked for leave', limitMs: LIMIT_MS },
      async () => (await client.approvals.list({ status: 'open' })).items[0],
    );
  },
  confirm: ['reject_first'],
};
