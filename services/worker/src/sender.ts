import { afterAttempt } from '@aos/core';
import type { Egress } from '@aos/egress';
import { outbox, type Database } from '@aos/store';
import type { Telemetry } from '@aos/telemetry';

import { clock } from './clock.ts';
import { startDuties } from './duties.ts';
import { createFlights } from './flights.ts';
import { sendDelivery } from './send-delivery.ts';

const RELAY_EVERY_MS = 250;
const TAKE_EVERY_MS = 250;
const IN_FLIGHT_MAX = 32;
/** How long a stop waits for answers, so that they are recorded and nothing is sent twice for it. */
const SETTLE_MS = 3_000;

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
  const cut = new AbortController();
  let wake = new AbortController();
  // The next event of the same run may go now.
  const flights = createFlights(() => wake.abort());

  const fly = async (sending: outbox.Sending): Promise<void> => {
    const { result, attempt } = await sendDelivery(egress, sending, cut.signal);
    const step = afterAttempt(sending, result, new Date());
    await outbox.record(database, sending, step, attempt);
    metrics.webhookAttempts.inc({ result: step.next }, 1);
    if (step.next === 'dead') {
      const { webhookId, id: delivery, event } = sending;
      log.warn('webhooks.delivery_dead', { webhookId, delivery, runId: event?.runId });
    }
  };
  const send = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      wake = new AbortController();
      const room = IN_FLIGHT_MAX - flights.count;
      const due =
        room > 0 && (await outbox.takeDue(database, flights.byTarget, room).catch(onError));
      for (const sending of due || []) {
        flights.begin(sending.webhookId, fly(sending).catch(onError));
      }
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
    /** What is still on its way after a while is cut off; others send it again. */
    async stop() {
      stopping.abort();
      await Promise.all([relaying.stop(), sendings]);
      await Promise.race([flights.landed(), clock.sleep(SETTLE_MS, cut.signal)]);
      cut.abort();
      await flights.landed();
    },
  };
}
