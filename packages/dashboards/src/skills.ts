import { fromDatabase, ofAll, quantile } from './promql.ts';
import { graph, number, type DashboardSpec } from './spec.ts';

const CHOSEN = '{skill=~"$skill"}';
const DURATION = 'nova_skill_duration_seconds';

/** What skills do and how long they take. */
export const skills: DashboardSpec = {
  name: 'skills',
  title: 'AOS: skills',
  description: 'What skills do, how long they take, and which of their targets are out.',
  variables: [{ name: 'skill', metric: 'nova_skill_attempts_total' }],
  rows: [
    {
      title: 'Attempts',
      panels: [
        graph(
          'Attempts',
          'In each interval, retries included.',
          {
            '{{skill}}': fromDatabase(`nova_skill_attempts_total${CHOSEN}`, ['skill'], 'increase'),
          },
          { stacked: true, width: 12 },
        ),
        graph(
          'Time of an attempt, 95 %',
          '95 of 100 attempts end within this.',
          { '{{skill}}': quantile(0.95, DURATION, 'skill', CHOSEN) },
          { unit: 's', worry: [30, 120], width: 12 },
        ),
        graph(
          'Time of an attempt, half',
          'Half of the attempts end within this.',
          { '{{skill}}': quantile(0.5, DURATION, 'skill', CHOSEN) },
          { unit: 's' },
        ),
        graph(
          'Time of an attempt, 99 %',
          '99 of 100 attempts end within this.',
          { '{{skill}}': quantile(0.99, DURATION, 'skill', CHOSEN) },
          { unit: 's' },
        ),
        graph(
          'At work',
          'Attempts of a skill that are under way at one time, on average.',
          { '{{skill}}': ofAll(`${DURATION}_sum${CHOSEN}`, ['skill'], 'rate') },
          { stacked: true },
        ),
      ],
    },
    {
      title: 'Targets',
      panels: [
        number(
          'Targets out',
          'Hosts, models and databases that are out or were parked.',
          'max(nova_targets_open)',
          {
            worry: [1, 5],
          },
        ),
        number('Steps parked', 'Steps that wait for one of them.', 'max(nova_steps_parked)'),
        number(
          'The first waits',
          'How long the first parked step has waited.',
          'max(nova_parked_age_seconds)',
          {
            unit: 's',
            worry: [60, 600],
          },
        ),
        graph(
          'Parked',
          'Targets that are out, and the steps that wait for them.',
          { targets: 'max(nova_targets_open)', steps: 'max(nova_steps_parked)' },
          { width: 12 },
        ),
      ],
    },
  ],
};
