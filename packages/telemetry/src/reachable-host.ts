import { hostname } from 'node:os';

/** Where others reach what listens there: a name of this machine, when it listens at all of its addresses. */
export function reachableHost(listensAt: string): string {
  return ['0.0.0.0', '::', ''].includes(listensAt) ? hostname() : listensAt;
}
