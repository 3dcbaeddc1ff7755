import { ofAll } from './promql.ts';
import { graph, number, type DashboardSpec } from './spec.ts';

/** Workers, and the processes of AOS. */
export const workers: DashboardSpec = {
  name: 'workers',
  title: 'AOS: workers and processes',
  description: 'Who works, how much, and what the processes need of their machines.',
  variables: [{ name: 'instance', metric: 'nova_build_info' }],
  rows: [
    {
      title: 'Pool',
      panels: [
        number('Live', 'Workers whose lease is valid.', 'max(nova_workers_live)'),
        number('Called for', 'Workers that the load calls for.', 'max(nova_workers_desired)'),
        number('Room', 'Runs that all workers together can advance.', 'max(nova_worker_pool_size)'),
        number(
          'In use',
          'Share of that room that is in use.',
          'sum(nova_worker_runs_in_flight) / (max(nova_worker_pool_size) > 0)',
          { unit: 'percentunit', worry: [0.8, 0.95] },
        ),
        number(
          'Scraped',
          'Workers that answer Prometheus: as many as are live.',
          'count(up{job="nova_worker"} == 1)',
        ),
        number(
          'Rescued',
          'Runs taken from workers that died, in each interval.',
          ofAll('nova_rescued_runs_total', [], 'increase'),
          { worry: [1, 100] },
        ),
        graph(
          'Runs in hand',
          'By worker.',
          { '{{instance}}': 'nova_worker_runs_in_flight{instance=~"$instance"}' },
          { stacked: true },
        ),
        graph('Held back', '1 while a worker takes no more runs, by reason.', {
          '{{instance}} {{reason}}': 'nova_worker_gated{instance=~"$instance"}',
        }),
        graph('Writes in one commit', 'On average; more under load, and that is well.', {
          '{{job}}': `${ofAll('nova_journal_batch_size_sum', ['job'], 'rate')} / ${ofAll('nova_journal_batch_size_count', ['job'], 'rate')}`,
        }),
      ],
    },
    {
      title: 'Processes',
      panels: [
        graph(
          'Loop lag',
          'How late timers run, 99th percentile.',
          { '{{instance}}': 'nova_event_loop_lag_seconds{instance=~"$instance"}' },
          { unit: 's', worry: [0.1, 0.5] },
        ),
        graph(
          'Database connections',
          'Waiting ones are callers without a connection: more than none for long is bad.',
          {
            '{{state}}': 'sum by (state) (nova_db_pool_connections{instance=~"$instance"})',
          },
        ),
        graph(
          'Memory',
          'In RAM, by process.',
          { '{{instance}}': 'nova_process_resident_memory_bytes{instance=~"$instance"}' },
          { unit: 'bytes' },
        ),
        graph('CPU', 'Cores in use, by process.', {
          '{{instance}}':
            'rate(nova_process_cpu_seconds_total{instance=~"$instance"}[$__rate_interval])',
        }),
      ],
    },
  ],
};
