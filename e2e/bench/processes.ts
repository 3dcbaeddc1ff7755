import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** The unit of /proc/<pid>/stat on every Linux there is. */
const TICKS_PER_SECOND = 100;

interface ProcessStat {
  readonly parent: number;
  readonly ownTicks: number;
  /** Of children that ended and were waited for. */
  readonly goneTicks: number;
}

/** CPU seconds a process has used so far, with its children, dead and alive. 0 when there is no such process. */
export function cpuSeconds(pid: number): number {
  const all = new Map(
    processIds().flatMap((id) => {
      const stat = readStat(id);
      return stat ? [[id, stat] as const] : [];
    }),
  );
  const sum = (id: number): number => {
    const stat = all.get(id);
    if (!stat) return 0;
    let ticks = stat.ownTicks + stat.goneTicks;
    for (const [child, { parent }] of all) if (parent === id) ticks += sum(child);
    return ticks;
  };
  return sum(pid) / TICKS_PER_SECOND;
}

/** The memory a process holds now; 0 when there is no such process. */
export function residentMb(pid: number): number {
  const kb = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1];
  return Number(kb ?? 0) / 1024;
}

function processIds(): number[] {
  // Elsewhere than on Linux nothing is known, and the rows of CPU and memory have no value.
  if (!existsSync('/proc')) return [];
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

function readStat(pid: number): ProcessStat | undefined {
  const text = read(`/proc/${pid}/stat`);
  // The name in brackets may hold anything, brackets and blanks too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (index: number) => Number(fields[index] ?? 0);
  return text
    ? { parent: field(1), ownTicks: field(11) + field(12), goneTicks: field(13) + field(14) }
    : undefined;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // It ended.
  }
}
