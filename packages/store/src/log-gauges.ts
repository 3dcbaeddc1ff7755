import type { Db } from './db.ts';

/** What the log of all tenants and its readers are doing now. */
export interface LogGauges {
  readonly horizonAgeSeconds: number;
  readonly lag: Readonly<
    Record<'consumers' | 'webhooks', { readonly seconds: number; readonly events: number }>
  >;
  readonly deliveries: Readonly<Record<'pending' | 'dead', number>>;
  readonly partsHeld: number;
  readonly partsAhead: number;
}

export async function readLogGauges(db: Db): Promise<LogGauges> {
  const [row = {}] = await db.query<Record<string, string | number>>(
    `select horizon_age_seconds, consumer_lag_seconds, consumer_lag_events, webhook_lag_seconds,
            webhook_lag_events, deliveries_pending, deliveries_dead, held_parts, parts_ahead
       from aos.log_gauges()`,
  );
  const number = (name: string) => Number(row[name] ?? 0);
  return {
    horizonAgeSeconds: number('horizon_age_seconds'),
    lag: {
      consumers: {
        seconds: number('consumer_lag_seconds'),
        events: number('consumer_lag_events'),
      },
      webhooks: { seconds: number('webhook_lag_seconds'), events: number('webhook_lag_events') },
    },
    deliveries: { pending: number('deliveries_pending'), dead: number('deliveries_dead') },
    partsHeld: number('held_parts'),
    partsAhead: number('parts_ahead'),
  };
}
