import { parseCondition } from './condition.ts';
import { endings, type Runbook, type Step } from './runbook.ts';
import { placeholdersOf } from './template.ts';

/** Whether the steps fit together: names are read before they are used, ways lead forward, acts are verified. */
export function stepProblems({ variables, steps }: Runbook): string[] {
  const names = new Set(Object.keys(variables));
  const clash = steps.find(({ id }) => names.has(id));
  const problems = clash ? [`Line ${clash.line}: ${clash.id} is the name of a variable, too.`] : [];
  for (const [place, step] of steps.entries()) {
    const told = [
      ...unknownNames(step, names),
      ...waysOf(step)
        .filter((to) => !leadsForward(steps, place, to))
        .map((to) => `${to} is no later step, and none of ${endings.join(', ')}.`),
    ];
    problems.push(...told.map((problem) => `Line ${step.line}: ${problem}`));
    if (step.kind !== 'decide') names.add(step.id);
  }
  const last = steps.at(-1);
  if (last && last.kind !== 'verify') {
    problems.push(`Line ${last.line}: the last step is to verify that the trouble is over.`);
  }
  return problems;
}

function unknownNames(step: Step, known: ReadonlySet<string>): string[] {
  try {
    const own = step.kind === 'verify' ? [step.id] : [];
    return namesUsed(step)
      .filter((name) => !known.has(name) && !own.includes(name))
      .map((name) => `${name} is neither a variable nor the id of an earlier step.`);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return [`the condition cannot be read: ${error.message}`];
  }
}

function namesUsed(step: Step): readonly string[] {
  switch (step.kind) {
    case 'read':
      return placeholdersOf(step.source);
    case 'decide':
      return parseCondition(step.condition).names;
    case 'act':
      return [...placeholdersOf(step.act), ...placeholdersOf(step.radius)];
    case 'verify':
      return [...placeholdersOf(step.source), ...parseCondition(step.until).names];
  }
}

function waysOf(step: Step): string[] {
  if (step.kind === 'verify') return [step.else];
  return step.kind === 'decide' ? [step.goto, step.else, step.unknown] : [];
}

function leadsForward(steps: readonly Step[], place: number, to: string): boolean {
  return (
    endings.some((ending) => ending === to) || steps.slice(place + 1).some(({ id }) => id === to)
  );
}
