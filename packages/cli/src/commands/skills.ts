import { usageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { present } from '../present.ts';
import { skillLines } from '../render/skill.ts';
import { oneLine } from '../text/clean.ts';
import { styleOf } from '../text/style.ts';
import { table } from '../text/table.ts';

const columns = [
  { title: 'SKILL' },
  { title: 'VERSION' },
  { title: 'EFFECT' },
  { title: 'WHAT IT DOES', flexible: true },
];

export async function skills(context: Context, name: string | undefined): Promise<ExitCode> {
  const client = await context.connect();
  if (name !== undefined) {
    present(context, await client.skills.get(checkedName(name)), (skill) =>
      skillLines(context, skill),
    );
    return exitCodes.ok;
  }
  present(context, await client.skills.list(), ({ items }) =>
    items.length === 0
      ? ['No skills: no worker has published any yet.']
      : [
          ...table(
            columns,
            items.map((skill) => [
              oneLine(skill.name),
              oneLine(skill.version),
              oneLine(skill.effect),
              oneLine(skill.description),
            ]),
            context.out,
            styleOf(context.out.rich),
          ),
          `All about one: ${context.program} skills <name>`,
        ],
  );
  return exitCodes.ok;
}

/** A path segment cannot be one of these. */
export function checkedName(name: string): string {
  if (name.trim() !== '' && name !== '.' && name !== '..') return name;
  throw usageError(`${JSON.stringify(name)} is no name.`);
}
