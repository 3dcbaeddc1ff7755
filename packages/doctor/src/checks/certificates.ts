import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

import { fail, ok, skip, warn, type Finding } from '../finding.ts';

const DAYS_MIN = 14;
const DAY_MS = 86_400_000;
const ANSWER_MS = 5_000;
const HTTPS_PORT = 443;
const POSTGRES_PORT = 5432;
/** The request of PostgreSQL's protocol to go on encrypted; `S` is yes. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/** How long the certificate at the other end is valid; nothing where none is in use. */
export async function checkCertificate(check: string, address: string): Promise<Finding[]> {
  const url = new URL(address);
  const postgres = url.protocol.startsWith('postgres');
  const sslMode = url.searchParams.get('sslmode') ?? 'disable';
  if (postgres ? sslMode === 'disable' : url.protocol !== 'https:') return [];
  const port = Number(url.port) || (postgres ? POSTGRES_PORT : HTTPS_PORT);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  try {
    return [certificateFinding(check, await validTo(host, port, postgres), Date.now())];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [skip(check, `It cannot be read: ${reason}.`)];
  }
}

export function certificateFinding(check: string, validToMs: number, nowMs: number): Finding {
  const days = Math.floor((validToMs - nowMs) / DAY_MS);
  const until = new Date(validToMs).toISOString().slice(0, 10);
  const advice = 'Renew it.';
  if (days < 0) return fail(check, `It ended on ${until}.`, advice);
  const detail = `It is valid until ${until}, ${days} days.`;
  return days < DAYS_MIN ? warn(check, detail, advice) : ok(check, detail);
}

async function validTo(host: string, port: number, postgres: boolean): Promise<number> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  const socket = connectTcp({ host, port });
  try {
    await once(socket, 'connect', { signal });
    if (postgres) await requestTls(socket, signal);
    // Who it is does not matter here: an untrusted one ends too.
    const name = isIP(host) ? {} : { servername: host };
    const secure = connectTls({ socket, rejectUnauthorized: false, ...name });
    await once(secure, 'secureConnect', { signal });
    return Date.parse(secure.getPeerCertificate().valid_to);
  } finally {
    socket.destroy();
  }
}

async function requestTls(socket: Socket, signal: AbortSignal): Promise<void> {
  socket.write(SSL_REQUEST);
  const [answer] = (await once(socket, 'data', { signal })) as [Buffer];
  if (answer.toString('latin1') !== 'S') throw new Error('the server does not encrypt');
}
