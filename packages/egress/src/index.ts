/**
 * Floor 1: the one way out to the network. Checks every address before and after connecting,
 * follows redirects by hand and bounds what comes back. Knows no skill, run or configuration.
 */
export { createEgress } from './egress.ts';
export type { Egress, EgressOptions, EgressRequest, EgressResponse } from './egress.ts';
export { EgressError } from './egress-error.ts';
