import type { health } from '@aos/store';

import { fail, ok, warn, type Finding } from '../finding.ts';

const NEEDED = ['fsync', 'full_page_writes', 'synchronous_commit'];

/** A commit that was acknowledged must survive a crash of the server. */
export function checkDurability({ settings, isReplica }: health.Health): Finding[] {
  const unsafe = NEEDED.filter((name) => ['off', 'local'].includes(settings.get(name) ?? ''));
  const findings = unsafe.map((name) =>
    fail(
      'durability',
      `PostgreSQL runs with ${name} = ${settings.get(name)}, so a crash may lose accepted runs.`,
      `Set ${name} = on.`,
    ),
  );
  if (isReplica) {
    findings.push(
      warn(
        'durability',
        'This is a replica: what it says may be seconds old.',
        'Give the primary with --database.',
      ),
    );
  }
  if (settings.get('data_checksums') === 'off') {
    findings.push(
      warn(
        'durability',
        'The data pages carry no checksums, so damage by a disk goes unnoticed.',
        'Stop the server once and run pg_checksums --enable.',
      ),
    );
  }
  return findings.length > 0
    ? findings
    : [ok('durability', 'Acknowledged commits survive a crash, and pages carry checksums.')];
}
