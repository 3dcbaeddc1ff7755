/** Floor 2: examines an installation and says what to mend. Reads, and changes nothing. */
export { examine, type Installation } from './examine.ts';
export { verdicts, type Finding, type Verdict } from './finding.ts';
