import { ofAll, share } from './promql.ts';
import { graph, type DashboardSpec } from './spec.ts';

const RUNS = 'nova_agent_runs_total';

/** Each agent by itself. */
export const agents: DashboardSpec = {
  name: 'agents',
  title: 'AOS: agents',
  description:
    'How the runs of each agent end and what its models cost. Counted by the workers: runs that were cancelled before they began are not among them. Agents after the first 200 are told as other.',
  variables: [{ name: 'agent', metric: RUNS }],
  rows: [
    {
      title: 'Agents',
      panels: [
        graph(
          'Runs that ended',
          'In each interval, by agent.',
          { '{{agent}}': ofAll(`${RUNS}{agent=~"$agent"}`, ['agent'], 'increase') },
          { stacked: true, width: 12 },
        ),
        graph(
          'By outcome',
          'In each interval, of the chosen agents.',
          { '{{status}}': ofAll(`${RUNS}{agent=~"$agent"}`, ['status'], 'increase') },
          { stacked: true, width: 12 },
        ),
        graph(
          'Failing',
          'Share of the runs that ended and failed; cancelled ones do not count.',
          {
            '{{agent}}': share(
              ofAll(`${RUNS}{agent=~"$agent", status="failed"}`, ['agent'], 'increase'),
              ofAll(`${RUNS}{agent=~"$agent", status!="cancelled"}`, ['agent'], 'increase'),
            ),
          },
          { unit: 'percentunit', worry: [0.05, 0.2], width: 12 },
        ),
        graph(
          'Cost',
          'US dollars in each hour, of language models.',
          {
            '{{agent}}': `3600 * ${ofAll('nova_agent_llm_cost_usd_total{agent=~"$agent"}', ['agent'], 'rate')}`,
          },
          { unit: 'currencyUSD', stacked: true, width: 12 },
        ),
      ],
    },
  ],
};
