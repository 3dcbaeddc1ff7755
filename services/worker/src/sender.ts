import { afterAttempt } from '@aos/core';
import type { Egress } from '@aos/egress';
import { outbox, type Database } from '@aos/store';
import type { Telemetry } from '@aos/telemetry';

import { clock } from './clock.ts';
import { startDuties } from './duties.ts';
import { sendDelivery } from './send-delivery.ts';

const RELAY_EVERY_MS = 250;
const TAKE_EVERY_MS = 250;
const IN_FLIGHT_MAX = 32;

/**
 * Tells webhooks of what was committed. The relay turns the log into deliveries; the sender takes those that
 * are due, sends them and records what came of it. A worker that dies in between has told nobody that it
 * was sent: the delivery is due again after a while, with the same id.
 */
export function startSender(
  database: Database,
  egress: Egress,
  { log, metrics }: Telemetry,
): { stop(): Promise<void> } {
  const onError = (error: unknown) => log.debug('webhooks.failed', { error: String(error) });
  const stopping = new AbortController();
  const busy = new Map<string, number>();
  const flights = new Set<Promise<void>>();
  let wake = new AbortController();

  const fly = async (sending: outbox.Sending): Promise<void> => {
    const { result, attempt } = await sendDelivery(egress, sending, stopping.signal);
    const step = afterAttempt(sending, result, new Date());
    await outbox.record(database, sending, step, attempt);
    metrics.webhookAttempts.inc({ result: step.next }, 1);
    if (step.next === 'dead') {
      log.warn('webhooks.delivery_dead', { webhookId: sending.webhookId, delivery: sending.id });
    }
  };
  const begin = (sending: outbox.Sending): void => {
    const { webhookId } = sending;
    busy.set(webhookId, (busy.get(webhookId) ?? 0) + 1);
    const flight = fly(sending)
      .catch(onError)
      .finally(() => {
        flights.delete(flight);
        const left = (busy.get(webhookId) ?? 1) - 1;
        if (left > 0) busy.set(webhookId, left);
        else busy.delete(webhookId);
        // The next event of the same run may go now.
        wake.abort();
      });
    flights.add(flight);
  };
  const send = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      wake = new AbortController();
      const room = IN_FLIGHT_MAX - flights.size;
      const due = room > 0 ? await outbox.takeDue(database, busy, room).catch(onError) : undefined;
      for (const sending of due ?? []) begin(sending);
      await clock.sleep(TAKE_EVERY_MS, AbortSignal.any([stopping.signal, wake.signal]));
    }
  };
  const relay = async (): Promise<void> => {
    for (let more = true; more && !stopping.signal.aborted;) {
      const step = await outbox.relay(database);
      if (step.made > 0) wake.abort();
      more = step.more;
    }
  };
  const relaying = startDuties([{ everyMs: RELAY_EVERY_MS, work: relay }], onError);
  const sendings = send();
  return {
    /** What is on its way is cut off; it is sent again by others. */
    async stop() {
      stopping.abort();
      await Promise.all([relaying.stop(), sendings]);
      await Promise.all(flights);
    },
  };
}
