import type { Database } from '@aos/store';

const POLL_MS = 50;

/** Waits for a fact; fails after the limit with what it saw last. */
export async function eventually<T>(
  look: () => Promise<T | undefined> | T | undefined,
  limitMs = 30_000,
): Promise<T> {
  const until = Date.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > until) throw new Error(`It did not happen within ${limitMs} ms.`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * What the journal of a database breaks of its own rules: gaps in the order, more than one end, a step
 * completed twice or started after its completion, epochs that fall, rows of a foreign tenant.
 */
export async function journalFaults(database: Database): Promise<string[]> {
  const rows = await database.query<{ fault: string }>(`
    select 'gap in ' || run_id as fault
      from aos.events group by run_id having max(seq) + 1 <> count(*) or min(seq) <> 0
    union all
    select 'two ends of ' || run_id
      from aos.events where type = 'run.finished' group by run_id having count(*) > 1
    union all
    select 'completed twice: ' || run_id || ' ' || (data ->> 'step')
      from aos.events where type = 'step.completed' group by run_id, data ->> 'step' having count(*) > 1
    union all
    select 'started after its completion: ' || a.run_id || ' ' || (a.data ->> 'step')
      from aos.events a
      join aos.events b on b.run_id = a.run_id and b.data ->> 'step' = a.data ->> 'step'
     where a.type = 'step.completed' and b.type = 'step.started' and b.seq > a.seq
    union all
    select 'epochs fall in ' || a.run_id
      from aos.events a join aos.events b on b.run_id = a.run_id and b.seq = a.seq + 1
     where b.epoch < a.epoch
    union all
    select 'something after the end of ' || a.run_id
      from aos.events a join aos.events b on b.run_id = a.run_id and b.seq > a.seq
     where a.type = 'run.finished'
    union all
    select 'an event of the future of ' || e.run_id
      from aos.events e join aos.runs r on r.id = e.run_id where e.epoch > r.epoch
    union all
    select 'a foreign tenant in ' || e.run_id
      from aos.events e join aos.runs r on r.id = e.run_id where e.tenant_id <> r.tenant_id`);
  return rows.map(({ fault }) => fault);
}
