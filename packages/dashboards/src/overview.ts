import { backlog } from './backlog.ts';
import { fromDatabase, ofAll, quantile, share } from './promql.ts';
import { graph, number, table, type DashboardSpec } from './spec.ts';

const LABELS = ['status', 'planner'];
const failed = fromDatabase('nova_runs_total{status="failed"}', LABELS, 'rate');
const ended = fromDatabase('nova_runs_total{status!="cancelled"}', LABELS, 'rate');

/** Whether AOS does its work, on one page. */
export const overview: DashboardSpec = {
  name: 'overview',
  title: 'AOS: overview',
  description: 'Whether AOS does its work. Red: look at the page of that part, and at its runbook.',
  variables: [],
  rows: [
    {
      title: 'Now',
      panels: [
        number(
          'API replicas',
          'Replicas that answer Prometheus.',
          'count(up{job="nova_agent_manager"} == 1)',
        ),
        number(
          'Workers',
          'Worker processes whose lease is valid. None: nothing is done.',
          'max(nova_workers_live)',
        ),
        ...backlog,
        number(
          'Failing',
          'Share of the runs that ended lately and failed; cancelled ones do not count.',
          share(`sum(${failed})`, `sum(${ended})`),
          { unit: 'percentunit', worry: [0.05, 0.2] },
        ),
        number(
          'Dead letters',
          'Failed runs that wait to be repaired.',
          'sum(max by (state) (nova_dead_letters))',
          {
            worry: [1, 100],
          },
        ),
      ],
    },
    {
      title: 'Work',
      panels: [
        graph(
          'Runs that ended',
          'By outcome, in each interval.',
          {
            '{{status}}': `sum by (status) (${fromDatabase('nova_runs_total', LABELS, 'increase')})`,
          },
          { stacked: true },
        ),
        graph('Runs that wait', 'Queued ones need a worker; waiting ones a decision or a time.', {
          queued: 'max(nova_runs_queued)',
          waiting: 'max(nova_runs_waiting)',
          approvals: 'max(nova_approvals_open)',
        }),
        graph('In hand', 'Runs that workers advance, and how many they could.', {
          'in flight': 'sum(nova_worker_runs_in_flight)',
          room: 'max(nova_worker_pool_size)',
        }),
        graph(
          'Requests',
          'Answers of the API by status, each second.',
          { '{{status}}': ofAll('nova_http_requests_total', ['status'], 'rate') },
          { unit: 'reqps' },
        ),
        graph(
          'Answer time',
          '95 of 100 requests are answered within this, by route.',
          {
            '{{method}} {{route}}': quantile(
              0.95,
              'nova_http_request_duration_seconds',
              'method, route',
            ),
          },
          { unit: 's' },
        ),
        graph(
          'Models',
          'What language models cost, in each hour.',
          { '{{model}}': `3600 * ${ofAll('nova_llm_cost_usd_total', ['model'], 'rate')}` },
          { unit: 'currencyUSD' },
        ),
      ],
    },
    {
      title: 'Alerts and versions',
      panels: [
        table(
          'Firing alerts',
          'Each has a runbook of its name in runbooks/.',
          'sum by (alertname, severity, service) (ALERTS{alertstate="firing"})',
        ),
        table(
          'Versions',
          'Two versions of one service are there only while it is updated.',
          'count by (service, version) (nova_build_info)',
        ),
      ],
    },
  ],
};
