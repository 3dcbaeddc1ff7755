import { fromDatabase, ofAll, quantile, share } from './promql.ts';
import { graph, number, type DashboardSpec } from './spec.ts';

const LABELS = ['status', 'planner'];
const increase = (where: string) => fromDatabase(`nova_runs_total${where}`, LABELS, 'increase');

/** How runs end, and what of them is left to repair. */
export const runs: DashboardSpec = {
  name: 'runs',
  title: 'AOS: runs',
  description: 'How runs are planned and how they end, and what is left to repair.',
  variables: [{ name: 'planner', metric: 'nova_runs_total' }],
  rows: [
    {
      title: 'Outcomes',
      panels: [
        number(
          'Ended, ever',
          'Runs that ended since AOS was installed.',
          'sum(max by (status, planner) (nova_runs_total{planner=~"$planner"}))',
        ),
        number(
          'Failed, ever',
          'Runs that failed for good, of all planners.',
          'max(nova_runs_failed_total)',
        ),
        number('Wait for a human', 'Approvals that are open.', 'max(nova_approvals_open)', {
          worry: [20, 100],
        }),
        number('Wait', 'Runs that wait for a decision or a time.', 'max(nova_runs_waiting)'),
        number(
          'Open cases',
          'Causes with open dead letters that nobody took care of.',
          'max(nova_cases_open)',
          {
            worry: [1, 10],
          },
        ),
        number(
          'Operations',
          'Operations on many runs that are under way.',
          'max(nova_operations_running)',
        ),
        graph(
          'By outcome',
          'Runs that ended in each interval.',
          { '{{status}}': `sum by (status) (${increase('{planner=~"$planner"}')})` },
          { stacked: true },
        ),
        graph(
          'By planner',
          'Runs that ended in each interval.',
          { '{{planner}}': `sum by (planner) (${increase('{planner=~"$planner"}')})` },
          { stacked: true },
        ),
        graph(
          'Failing, by planner',
          'Share of the runs that ended and failed; cancelled ones do not count.',
          {
            '{{planner}}': share(
              `sum by (planner) (${increase('{planner=~"$planner", status="failed"}')})`,
              `sum by (planner) (${increase('{planner=~"$planner", status!="cancelled"}')})`,
            ),
          },
          { unit: 'percentunit', worry: [0.05, 0.2] },
        ),
      ],
    },
    {
      title: 'Planning and repair',
      panels: [
        graph(
          'Time to plan',
          'Half of the plans, and 95 of 100, are there within this.',
          {
            'half {{planner}}': quantile(
              0.5,
              'nova_planner_duration_seconds',
              'planner',
              '{planner=~"$planner"}',
            ),
            '95 % {{planner}}': quantile(
              0.95,
              'nova_planner_duration_seconds',
              'planner',
              '{planner=~"$planner"}',
            ),
          },
          { unit: 's' },
        ),
        graph(
          'Refused',
          'New runs that were refused, by reason. Some: AOS has too much to do.',
          { '{{reason}}': ofAll('nova_admission_refusals_total', ['reason'], 'increase') },
          { stacked: true },
        ),
        graph(
          'Dead letters',
          'Failed runs that wait to be repaired, by state.',
          { '{{state}}': 'max by (state) (nova_dead_letters)' },
          { stacked: true },
        ),
      ],
    },
  ],
};
