import { eventId } from '@aos/core';
import type { ConsumerResource, LogEventResource } from '@aos/sdk';
import type { consumers, log } from '@aos/store';

import { eventResource } from './event-resource.ts';
import { placeCursor } from './log-cursor.ts';

export function logEventResource(event: log.LogEvent, cursor: string): LogEventResource {
  return { id: eventId(event), cursor, ...eventResource(event) };
}

export function consumerResource(
  consumer: consumers.Consumer,
  lag?: ConsumerResource['lag'],
): ConsumerResource {
  const { name, types, leaseMs, createdBy, createdAt, reset, parts } = consumer;
  return {
    name,
    types: [...types] as ConsumerResource['types'],
    leaseSeconds: leaseMs / 1_000,
    createdBy,
    createdAt: createdAt.toISOString(),
    reset: reset ? { at: reset.at.toISOString(), by: reset.by, reason: reset.reason } : null,
    parts: parts.map(({ part, place, incarnation, member, leaseUntil, ackedAt }) => ({
      part,
      member: member ?? null,
      leaseUntil: leaseUntil?.toISOString() ?? null,
      ackedAt: ackedAt.toISOString(),
      cursor: placeCursor(incarnation, place),
    })),
    ...(lag && { lag }),
  };
}
