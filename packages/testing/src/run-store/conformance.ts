import { acceptanceCases } from './acceptance-cases.ts';
import { journalCases } from './journal-cases.ts';
import { leaseCases } from './lease-cases.ts';
import { peopleCases } from './people-cases.ts';
import type { Case } from './port.ts';
import { raceCases } from './race-cases.ts';

/** What every store of runs must do. Each case wants a store of its own, empty. */
export const runStoreCases: readonly Case[] = [
  ...acceptanceCases,
  ...journalCases,
  ...peopleCases,
  ...leaseCases,
  ...raceCases,
];
