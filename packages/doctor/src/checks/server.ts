import type { health } from '@aos/store';

import { fail, ok, skip, warn, type Finding } from '../finding.ts';

const OLDEST = 15;
const NEWEST = 18;
const CONNECTIONS_SHARE = 0.8;
const TRANSACTION_S_MAX = 300;
const SLOT_BYTES_MAX = 10 * 2 ** 30;
const PERCENT = 100;

/** The version, its connections, and what keeps old rows and log from being removed. */
export function checkServer(state: health.Health): Finding[] {
  return [version(state), connections(state), transactions(state), ...log(state)];
}

function version({ serverVersion }: health.Health): Finding {
  const major = Math.floor(serverVersion / 10_000);
  const detail = `PostgreSQL ${major}.${serverVersion % 10_000} answers.`;
  if (major < OLDEST) {
    return fail('database', detail, `AOS needs PostgreSQL ${OLDEST} or newer.`);
  }
  return major > NEWEST
    ? warn('database', detail, `AOS is tested on PostgreSQL ${OLDEST} to ${NEWEST}.`)
    : ok('database', detail);
}

function connections({ connections: { used, max } }: health.Health): Finding {
  const detail = `${used} of ${max} connections are used.`;
  return used > max * CONNECTIONS_SHARE
    ? warn(
        'connections',
        detail,
        `Raise max_connections, or run fewer replicas: above ${CONNECTIONS_SHARE * PERCENT} % the next one may not start.`,
      )
    : ok('connections', detail);
}

function transactions({ oldestTransactionS }: health.Health): Finding {
  if (oldestTransactionS === undefined) {
    return skip(
      'transactions',
      'This login may not see those of others; grant it pg_read_all_stats.',
    );
  }
  const detail = `The oldest transaction is ${Math.round(oldestTransactionS)} s old.`;
  return oldestTransactionS > TRANSACTION_S_MAX
    ? warn(
        'transactions',
        detail,
        'End it with pg_terminate_backend: readers of the event log wait for it, and no dead row is removed.',
      )
    : ok('transactions', detail);
}

function log({ idleSlotBytes, archiveFails }: health.Health): Finding[] {
  const findings: Finding[] = [];
  if (idleSlotBytes > SLOT_BYTES_MAX) {
    findings.push(
      fail(
        'write-ahead log',
        `Replication slots that nobody reads hold ${(idleSlotBytes / 2 ** 30).toFixed(1)} GiB of it.`,
        'Drop them with pg_drop_replication_slot, or start their readers.',
      ),
    );
  }
  if (archiveFails) {
    findings.push(
      fail(
        'write-ahead log',
        'The last attempt to archive it failed, so it grows and backups end.',
        'See pg_stat_archiver and the log of the server.',
      ),
    );
  }
  return findings.length > 0
    ? findings
    : [ok('write-ahead log', 'No idle slot holds it, and archiving does not fail.')];
}
