import type { Drill } from '../drill.ts';

export const workersRestarting: Drill = {
  alert: 'WorkersRestarting',
  severity: 'warning',
  fault: 'Three of four workers are killed.',
  workers: 4,
  async breakIt({ replicas }) {
    for (const { program } of replicas.of('worker').slice(1)) program.kill('SIGKILL');
  },
  mend: {
    what: 'The 15 minutes that the database looks back are over: the deaths are moved into the past.',
    async perform({ database }) {
      await database.query(
        `update aos.workers set ended_at = ended_at - interval '16 minutes' where state = 'lost'`,
      );
    },
  },
};
