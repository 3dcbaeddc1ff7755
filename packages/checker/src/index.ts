/** Floor 2: checks a stored history against the invariants of AOS. Reads, and changes nothing. */
export {
  checkHistory,
  violationsOf,
  type CheckOptions,
  type CheckReport,
} from './check-history.ts';
export { readEffects, type Effect } from './effect.ts';
export { exposition } from './exposition.ts';
export { invariants, unchecked, type Invariant, type Violation } from './invariant.ts';
