import type { AddressInfo } from 'node:net';

import { SMTPServer } from 'smtp-server';

import { readMail, type Mail } from './read-mail.ts';

/** A mail that arrived, and from whom to whom the envelope said. */
export interface ReceivedMail extends Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly at: number;
}

export interface MailServerOptions {
  /** The only login it takes; without one nobody needs any. */
  readonly login?: { readonly user: string; readonly password: string };
}

export interface MailServer extends AsyncDisposable {
  readonly port: number;
  /** `127.0.0.1:<port>`. */
  readonly smarthost: string;
  /** What was taken, oldest first. */
  readonly mails: readonly ReceivedMail[];
  /** The logins that were tried, wrong ones included. */
  readonly logins: readonly { readonly user: string; readonly password: string }[];
  /** The next recipients are refused with this code, one each: 451 means try again, 550 never. */
  refuse(...codes: readonly number[]): void;
}

const MAIL_BYTES_MAX = 5 * 1024 * 1024;

/** A real SMTP server on loopback, without TLS, that keeps what it gets. */
export async function startMailServer({ login }: MailServerOptions = {}): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const logins: { user: string; password: string }[] = [];
  const refusals: number[] = [];
  const server = new SMTPServer({
    authOptional: login === undefined,
    disabledCommands: login === undefined ? ['STARTTLS', 'AUTH'] : ['STARTTLS'],
    allowInsecureAuth: true,
    disableReverseLookup: true,
    size: MAIL_BYTES_MAX,
    onAuth(given, _session, done) {
      const [user, password] = [given.username ?? '', given.password ?? ''];
      logins.push({ user, password });
      if (user === login?.user && password === login.password) done(null, { user });
      else done(new Error('Wrong user or password.'));
    },
    onRcptTo(_address, _session, done) {
      const code = refusals.shift();
      if (code === undefined) done();
      else done(Object.assign(new Error('Refused by the test.'), { responseCode: code }));
    },
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => void chunks.push(chunk));
      stream.on('end', () => {
        mails.push({
          ...readMail(Buffer.concat(chunks).toString('latin1')),
          from: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
          to: envelope.rcptTo.map(({ address }) => address),
          at: Date.now(),
        });
        done();
      });
    },
  });
  // A client that goes away in the middle is no matter of the test.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    port,
    smarthost: `127.0.0.1:${port}`,
    mails,
    logins,
    refuse: (...codes) => void refusals.push(...codes),
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(resolve)),
  };
}
