import { lackOf, onStopSignals } from '@aos/local';

import { parseDrillArguments, type DrillArguments } from './drill-arguments.ts';
import { drills, notDrilled } from './drills.ts';
import type { Drill, DrillReport } from './drill.ts';
import { machineOf } from './machine.ts';
import { headLines, phaseLine, sumLine, tailLine } from './render.ts';
import { runDrill } from './run-drill.ts';

// The program behind `aos drill`.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
const code = await main(process.argv.slice(2)).catch((error: unknown) => {
  const known = error instanceof TypeError;
  process.stderr.write(
    `${error instanceof Error ? (known ? error.message : error.stack) : String(error)}\n`,
  );
  return known ? 2 : 70;
});
process.stdout.write('', () => process.exit(code));

async function main(args: readonly string[]): Promise<number> {
  const wanted = parseDrillArguments(args);
  if (wanted.list) return list(wanted.json);
  const chosen = choose(wanted);
  const lack = lackOf('prometheus', 'prometheus-alertmanager');
  if (lack !== undefined) throw new TypeError(`Nothing can be drilled here; ${lack}`);
  // Everything that a stack started ends with its parent or by its folder; a second Ctrl-C does not wait.
  const signals = onStopSignals(() => process.exit(130));
  const reports: DrillReport[] = [];
  try {
    for (const drill of chosen) {
      if (signals.stop.aborted) break;
      reports.push(await perform(drill, wanted, signals.stop));
    }
  } finally {
    signals.dispose();
  }
  const cut = reports.length < chosen.length;
  if (wanted.json) print(JSON.stringify({ reports, notDrilled }, undefined, 2));
  else if (reports.length > 1) print(sumLine(reports));
  if (cut) return 130;
  return reports.some(({ failure }) => failure !== undefined) ? 1 : 0;
}

async function perform(
  drill: Drill,
  { factor, json }: DrillArguments,
  signal: AbortSignal,
): Promise<DrillReport> {
  const say = json ? () => {} : print;
  for (const line of headLines(drill)) say(line);
  const report = await runDrill(drill, {
    factor,
    machine: machineOf(process.env),
    say: (phase) => say(phaseLine(phase)),
    signal,
  });
  say(tailLine(report));
  return report;
}

function choose({ alerts, all }: DrillArguments): readonly Drill[] {
  if (all) return drills;
  return alerts.map((name) => {
    const drill = drills.find(({ alert }) => alert === name);
    if (drill) return drill;
    const why = notDrilled[name];
    throw new TypeError(
      why === undefined
        ? `There is no alert ${name}. --list tells which there are.`
        : `${name} cannot be drilled: ${why}`,
    );
  });
}

function list(json: boolean): number {
  if (json) print(JSON.stringify({ drills: drills.map(told), notDrilled }, undefined, 2));
  else {
    for (const { alert, severity, fault } of drills) {
      print(`${alert.padEnd(30)} ${severity.padEnd(8)} ${fault}`);
    }
    for (const [alert, why] of Object.entries(notDrilled)) {
      print(`${alert.padEnd(30)} not drilled: ${why}`);
    }
  }
  return 0;
}

function told({ alert, severity, fault, overrides = [] }: Drill) {
  return { alert, severity, fault, overrides };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
