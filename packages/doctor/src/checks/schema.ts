import { fail, ok, type Finding } from '../finding.ts';

const SHOWN_MAX = 5;

/** Whether the schema is what this version's migrations make, object by object. */
export function checkSchema(found: readonly string[], known: readonly string[]): Finding[] {
  const missing = without(known, found);
  const foreign = without(found, known);
  if (missing.length + foreign.length === 0) {
    return [
      ok('schema', `All ${known.length} objects of the schema are as this version made them.`),
    ];
  }
  return [
    ...some('lacks', missing, 'Start the newest version once: it migrates. Else undo the change.'),
    ...some('has in addition', foreign, 'Undo the change, or start the version that made it.'),
  ];
}

function some(verb: string, lines: readonly string[], advice: string): Finding[] {
  if (lines.length === 0) return [];
  const more = lines.length > SHOWN_MAX ? `; and ${lines.length - SHOWN_MAX} more` : '';
  const shown = lines.slice(0, SHOWN_MAX).join('; ');
  return [fail('schema', `The database ${verb}: ${shown}${more}.`, advice)];
}

function without(lines: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return lines.filter((line) => !known.has(line));
}
