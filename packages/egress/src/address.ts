import { isIPv6 } from 'node:net';

import ipaddr from 'ipaddr.js';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/**
 * Answer to a question about a machine, and how to become it. Some are public addresses by range, and all
 * stay closed even when a wide CIDR is allowed: only naming exactly this address opens it.
 */
const METADATA = new Set([
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
]);

const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
/** The prefix of DNS64: on networks with IPv6 alone, every public IPv4 host looks like this. */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

const words: Readonly<Record<string, string>> = {
  unspecified: 'unspecified',
  loopback: 'loopback',
  private: 'private',
  uniqueLocal: 'private',
  linkLocal: 'link-local',
  carrierGradeNat: 'carrier-grade NAT',
  multicast: 'multicast',
  broadcast: 'broadcast',
};

/**
 * The address a packet ends at: an IPv4 address written inside an IPv6 one (mapped, NAT64) is taken out,
 * so that it is judged as what it is. Undefined for anything that is no address.
 */
export function parseAddress(text: string): Address | undefined {
  // A zone (`fe80::1%eth0`) names an interface; it changes nothing about the range.
  const [bare = ''] = text.split('%');
  if (!ipaddr.isValid(bare)) return undefined;
  // One spelling for each address: on its own, ipaddr.js reads `::1.2.3.4` as the mapped form.
  const address = ipaddr.parse(
    isIPv6(bare) ? new URL(`http://[${bare}]`).hostname.slice(1, -1) : bare,
  );
  if (!(address instanceof ipaddr.IPv6)) return address;
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  return address.match(NAT64) ? new ipaddr.IPv4(address.toByteArray().slice(12)) : address;
}

export function isMetadata(address: Address): boolean {
  return METADATA.has(address.toString());
}

/**
 * Why skills may not reach this address, as a word before "address"; undefined for global unicast.
 * Everything that is not known to be global is refused: v4-compatible, 6to4, Teredo and the local NAT64
 * prefix smuggle other addresses and have no honest use here.
 */
export function refusalOf(address: Address): string | undefined {
  if (isMetadata(address)) return 'cloud metadata';
  const range = address.range();
  if (range !== 'unicast') return words[range] ?? 'reserved';
  if (address instanceof ipaddr.IPv6 && !address.match(GLOBAL_UNICAST)) return 'reserved';
  return undefined;
}
