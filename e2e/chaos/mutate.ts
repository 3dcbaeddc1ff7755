import { registerHooks } from 'node:module';

import { mutants, type Mutant, type MutantName } from './mutants.ts';

// Loaded before a service (`node --import`): plants the mutant that CHAOS_MUTANT names.
const name = process.env['CHAOS_MUTANT'] as MutantName;
const mutant: Mutant = mutants[name];

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith(mutant.file)) return loaded;
    const source = Buffer.from(loaded.source as Uint8Array).toString('utf8');
    if (!source.includes(mutant.from)) throw new Error(`${mutant.file} has no place for ${name}.`);
    return { ...loaded, source: source.replace(mutant.from, mutant.to) };
  },
});
