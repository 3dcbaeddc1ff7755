import type { Drill, DrillReport, PhaseReport } from './drill.ts';

export function headLines({ alert, severity, fault, overrides = [] }: Drill): string[] {
  return [
    `${alert} (${severity}): ${fault}`,
    ...overrides.map(
      ({ rule, from, to, why }) => `  other threshold: "${to}" for "${from}" in ${rule}: ${why}`,
    ),
  ];
}

export function phaseLine({ phase, seconds, detail }: PhaseReport): string {
  return `  ${seconds.toFixed(1).padStart(6)} s  ${phase.padEnd(9)}  ${detail}`;
}

export function tailLine({ alert, seconds, failure }: DrillReport): string {
  const words = failure === undefined ? 'as it should be' : `FAILED: ${failure}`;
  return `  ${seconds.toFixed(1).padStart(6)} s  in all      ${alert}: ${words}`;
}

export function sumLine(reports: readonly DrillReport[]): string {
  const failed = reports.filter(({ failure }) => failure !== undefined);
  const minutes = reports.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
  const names = failed.map(({ alert }) => alert).join(', ');
  return `${reports.length - failed.length} of ${reports.length} drills are green, in ${minutes.toFixed(1)} minutes.${names && ` Failed: ${names}.`}`;
}
