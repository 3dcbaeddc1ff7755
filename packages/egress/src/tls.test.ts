import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import tls from 'node:tls';

import { createEgress, EgressError } from './index.ts';

const forever = new AbortController().signal;
const trusted = selfSigned('secure.example');
const stranger = selfSigned('secure.example');
const defaults = tls.getCACertificates();
before(() => tls.setDefaultCACertificates([...defaults, trusted.cert]));
after(() => tls.setDefaultCACertificates(defaults));

async function ask(url: string, identity: { key: string; cert: string }) {
  const names: (string | false)[] = [];
  const server = https.createServer(identity, (request, response) => {
    names.push((request.socket as tls.TLSSocket).servername ?? false);
    if (request.url === '/down') response.writeHead(302, { location: 'http://secure.example/' });
    response.end('secret');
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await using egress = createEgress({
    allowPrivateHosts: [`127.0.0.1:${port}`],
    connectTo: { 'secure.example': `127.0.0.1:${port}`, 'other.example': `127.0.0.1:${port}` },
  });
  try {
    const answer = await egress.request({ url }, forever);
    return { body: answer.body.toString(), names };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const refused = (error: unknown): true => {
  assert.ok(error instanceof EgressError, String(error));
  assert.deepEqual([error.code, error.sent], ['target_refused', false], error.message);
  return true;
};

test('https is spoken with the name of the URL, wherever it is connected to', async () => {
  assert.deepEqual(await ask('https://secure.example/', trusted), {
    body: 'secret',
    names: ['secure.example'],
  });
});

test('a certificate of another name, or of nobody known, is refused before anything is sent', async () => {
  await assert.rejects(ask('https://other.example/', trusted), refused);
  await assert.rejects(ask('https://secure.example/', stranger), refused);
});

test('a step down to plain http is refused', async () => {
  await assert.rejects(ask('https://secure.example/down', trusted), {
    code: 'target_refused',
    message: /plain http/,
  });
});

/** A certificate made here and now, so that no private key lies in the repository. */
function selfSigned(name: string): { key: string; cert: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(0x30, oid('2a8648ce3d040302'));
  const names = der(0x30, der(0x31, der(0x30, oid('550403'), der(0x0c, Buffer.from(name)))));
  const time = (ms: number): Buffer => {
    const digits = new Date(Date.now() + ms).toISOString().replace(/\D/g, '').slice(2, 14);
    return der(0x17, Buffer.from(`${digits}Z`));
  };
  const alternative = der(0x30, der(0x82, Buffer.from(name)));
  const constraints = der(0x30, der(0x01, Buffer.of(0xff)));
  const tbs = der(
    0x30,
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.of(1)),
    algorithm,
    names,
    der(0x30, time(-3_600_000), time(3_600_000)),
    names,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(
      0xa3,
      der(
        0x30,
        der(0x30, oid('551d11'), der(0x04, alternative)),
        der(0x30, oid('551d13'), der(0x04, constraints)),
      ),
    ),
  );
  const signature = sign('sha256', tbs, privateKey);
  const cert = der(0x30, tbs, algorithm, der(0x03, Buffer.of(0), signature));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${cert.toString('base64')}\n-----END CERTIFICATE-----\n`,
  };
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const { length } = body;
  const head =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.of(tag, ...head), body]);
}
