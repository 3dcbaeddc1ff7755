import type { Drill } from '../drill.ts';

export const watchdog: Drill = {
  alert: 'Watchdog',
  severity: 'none',
  fault: 'Prometheus is killed: no alert would arrive any more.',
  async breakIt({ prometheus }) {
    prometheus.program.kill('SIGKILL');
    await prometheus.program.gone;
  },
  mend: {
    what: 'By hand, as the page says: Prometheus is started again.',
    perform: ({ prometheus }) => prometheus.restart(),
  },
};
