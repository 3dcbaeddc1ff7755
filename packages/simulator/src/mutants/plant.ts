import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

import { mutants } from './mutants.ts';
import type { Mutant } from './mutant.ts';

const ROOT = new URL('../../../../', import.meta.url);

/** Replaces the text of one source as it is loaded from now on; nothing on disk changes. */
export function plant(name: string): Mutant {
  const mutant = mutants.find((one) => one.name === name);
  if (!mutant) throw new Error(`There is no mutant ${JSON.stringify(name)}.`);
  const { href } = new URL(mutant.file, ROOT);
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (url !== href || !loaded.source) return loaded;
      const text = Buffer.from(loaded.source as Uint8Array).toString();
      return { ...loaded, source: mutated(text, mutant) };
    },
  });
  return mutant;
}

/** Throws when the source has changed so much that nobody knows any more what to replace. */
export function mutated(text: string, { name, file, find, replace }: Mutant): string {
  const places = text.split(find).length - 1;
  if (places !== 1)
    throw new Error(`${name}: its text stands ${places} times in ${file}, not once.`);
  return text.replace(find, () => replace);
}

export function pathOf({ file }: Mutant): string {
  return fileURLToPath(new URL(file, ROOT));
}
