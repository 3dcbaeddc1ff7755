import { number } from './spec.ts';

/** How much waits for a worker, and for how long. */
export const backlog = [
  number('Queued', 'Runs that wait for a worker.', 'max(nova_runs_queued)', {
    worry: [1000, 5000],
  }),
  number('Oldest waits', 'Age of the oldest run that could start.', 'max(nova_queue_age_seconds)', {
    unit: 's',
    worry: [30, 600],
  }),
];
