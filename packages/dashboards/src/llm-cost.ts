import { ofAll, quantile, share } from './promql.ts';
import { graph, number, type DashboardSpec } from './spec.ts';

const TOKENS = 'nova_llm_tokens_total{model=~"$model"}';
const COST = 'nova_llm_cost_usd_total{model=~"$model"}';

/** What language models are asked, and what that costs. */
export const llmCost: DashboardSpec = {
  name: 'llm-cost',
  title: 'AOS: models and cost',
  description: 'Tokens, cost and answer times of language models. Empty while none is set up.',
  variables: [{ name: 'model', metric: 'nova_llm_cost_usd_total' }],
  rows: [
    {
      title: 'Cost',
      panels: [
        number('In 24 hours', 'US dollars.', `sum(increase(${COST}[24h]))`, {
          unit: 'currencyUSD',
        }),
        number('Each hour', 'US dollars, as it goes now.', `3600 * ${ofAll(COST, [], 'rate')}`, {
          unit: 'currencyUSD',
        }),
        number(
          'From the cache',
          'Share of the tokens read that came from the cache of the model.',
          share(
            ofAll('nova_llm_tokens_total{model=~"$model", kind="cache_read"}', [], 'increase'),
            ofAll(
              'nova_llm_tokens_total{model=~"$model", kind=~"input|cache_read|cache_write"}',
              [],
              'increase',
            ),
          ),
          { unit: 'percentunit' },
        ),
        graph(
          'Cost by model',
          'US dollars in each hour.',
          { '{{model}}': `3600 * ${ofAll(COST, ['model'], 'rate')}` },
          { unit: 'currencyUSD', stacked: true, width: 12 },
        ),
      ],
    },
    {
      title: 'Use',
      panels: [
        graph(
          'Tokens by kind',
          'In each interval.',
          { '{{kind}}': ofAll(TOKENS, ['kind'], 'increase') },
          { stacked: true },
        ),
        graph(
          'Tokens by model',
          'In each interval.',
          { '{{model}}': ofAll(TOKENS, ['model'], 'increase') },
          { stacked: true },
        ),
        graph(
          'Answer time',
          'Half, and 95 of 100, of the calls that steps make end within this.',
          {
            half: quantile(0.5, 'nova_skill_duration_seconds', '', '{skill="llm_invoke"}'),
            '95 %': quantile(0.95, 'nova_skill_duration_seconds', '', '{skill="llm_invoke"}'),
            'planning, 95 %': quantile(
              0.95,
              'nova_planner_duration_seconds',
              '',
              '{planner="claude"}',
            ),
          },
          { unit: 's' },
        ),
      ],
    },
  ],
};
