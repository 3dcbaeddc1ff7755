import { engineMutants } from './engine-mutants.ts';
import type { Mutant } from './mutant.ts';
import { storeMutants } from './store-mutants.ts';
import { workerMutants } from './worker-mutants.ts';

export const mutants: readonly Mutant[] = [...engineMutants, ...workerMutants, ...storeMutants];
