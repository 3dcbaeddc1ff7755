import { backlog } from './backlog.ts';
import { ofAll } from './promql.ts';
import { graph, number, type DashboardSpec } from './spec.ts';

/** What waits, for how long, and what is let in. */
export const queue: DashboardSpec = {
  name: 'queue',
  title: 'AOS: queue and log',
  description: 'What waits for a worker, what is let in, and who lags behind the log of events.',
  variables: [],
  rows: [
    {
      title: 'Queue',
      panels: [
        ...backlog,
        number('Finishing', 'Runs that finish in a second.', 'max(nova_admission_drain_rate)', {
          unit: 'ops',
        }),
        number(
          'Time to store',
          'Time that storing a new run takes.',
          'max(nova_admission_database_latency_seconds)',
          {
            unit: 's',
            worry: [1, 4],
          },
        ),
        number(
          'Sent on',
          'Runs at rest that were sent on after a pause, in each interval.',
          ofAll('nova_released_runs_total', [], 'increase'),
        ),
        number(
          'In the hour',
          'Queued runs an hour from now if it goes on like this.',
          'clamp_min(max(predict_linear(nova_runs_queued[10m], 3600)), 0)',
          { worry: [1000, 5000] },
        ),
        graph(
          'Depth',
          'As the database says, and as each replica of the API knows it.',
          {
            stored: 'max(nova_runs_queued)',
            'known to {{instance}}': 'nova_admission_queue_depth',
          },
          { width: 12 },
        ),
        graph(
          'Age',
          'Of the oldest run that could start.',
          { oldest: 'max(nova_queue_age_seconds)' },
          {
            unit: 's',
            width: 12,
          },
        ),
      ],
    },
    {
      title: 'Log of events and webhooks',
      panels: [
        graph(
          'Lag',
          'Age of the oldest event that a reader has not read.',
          {
            '{{reader}}': 'max by (reader) (nova_event_lag_seconds)',
            'cannot be read yet': 'max(nova_event_horizon_age_seconds)',
          },
          { unit: 's' },
        ),
        graph('Events behind', 'Events that the slowest reader has not read.', {
          '{{reader}}': 'max by (reader) (nova_event_lag_events)',
        }),
        graph('Deliveries', 'To webhooks, that are to be made or were given up.', {
          '{{state}}': 'max by (state) (nova_webhook_deliveries)',
        }),
        graph(
          'Attempts to deliver',
          'In each interval, by what follows.',
          { '{{result}}': ofAll('nova_webhook_attempts_total', ['result'], 'increase') },
          { stacked: true },
        ),
        graph(
          'Parts of the log',
          'Made ahead: less than two is too few. Held: old, and still needed.',
          {
            ahead: 'max(nova_event_parts_ahead)',
            held: 'max(nova_event_parts_held)',
          },
        ),
      ],
    },
  ],
};
