import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Drill } from '../drill.ts';
import { eventually } from '../eventually.ts';
import { queueRuns } from '../faults/load.ts';
import { EXPORTER_PATH, type DrillStack } from '../stack.ts';

const CLI = fileURLToPath(new URL('../../../../packages/cli/src/main.ts', import.meta.url));
const LIMIT_MS = 30_000;

export const invariantViolated: Drill = {
  alert: 'InvariantViolated',
  severity: 'critical',
  fault:
    'Somebody changes the outcome of a run by SQL, past the triggers; the check of the night finds it.',
  async breakIt(stack) {
    await queueRuns(stack, 1);
    await eventually(
      { what: 'the run ended', limitMs: LIMIT_MS },
      async () => (await stack.client.runs.list({ status: 'finished' })).items[0],
    );
    await setOutcome(stack, 'failed');
    await checkAndTell(stack);
  },
  mend: {
    what: 'By hand: the row is as it was, from the copy of before; the check runs once more.',
    async perform(stack) {
      await setOutcome(stack, 'succeeded');
      await checkAndTell(stack);
    },
  },
};

async function setOutcome({ database }: DrillStack, outcome: string): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query(`set local session_replication_role = replica`);
    await tx.query('update aos.runs set outcome = $1', [outcome]);
  });
}

/** As a timer of the machine does, for the textfile collector of its node exporter. */
async function checkAndTell({ databaseUrl, operatorEnv, pages }: DrillStack): Promise<void> {
  const text = await new Promise<string>((resolve, reject) => {
    const args = [CLI, 'check', '--prometheus'];
    const env = { ...operatorEnv, DATABASE_URL: databaseUrl };
    execFile(process.execPath, args, { env }, (error, stdout, stderr) => {
      // Its exit code counts the violations.
      if (stdout.includes('nova_invariant_violations')) resolve(stdout);
      else reject(new Error(`aos check told nothing: ${stderr}`, { cause: error }));
    });
  });
  pages.serve(EXPORTER_PATH, (_, response) => void response.end(text));
}
