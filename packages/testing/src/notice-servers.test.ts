import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { describe, test } from 'node:test';

import { startMailServer } from './mail-server.ts';
import { readMail } from './read-mail.ts';
import { slackRateLimited, startSlackServer } from './slack-server.ts';

describe('the stand-in of Slack', () => {
  test('takes what an incoming webhook takes, and refuses in its words', async () => {
    await using slack = await startSlackServer();
    const post = async (body: string, url = slack.webhookUrl, method = 'POST') => {
      const response = await fetch(url, { method, ...(method === 'POST' && { body }) });
      return [response.status, await response.text(), response.headers.get('retry-after')];
    };
    assert.deepEqual(await post('{"text":"Hello"}'), [200, 'ok', null]);
    assert.deepEqual(await post('{"attachments":[{"fallback":"F"}]}'), [200, 'ok', null]);
    assert.deepEqual(await post('{"text":'), [400, 'invalid_payload', null]);
    assert.deepEqual(await post('[]'), [400, 'invalid_payload', null]);
    assert.deepEqual(await post('{"text":7}'), [400, 'invalid_payload', null]);
    assert.deepEqual(await post('{"text":""}'), [400, 'no_text', null]);
    const many = JSON.stringify({ attachments: Array.from({ length: 101 }, () => ({})) });
    assert.deepEqual(await post(many), [400, 'too_many_attachments', null]);
    const other = slack.webhookUrl.replace(/X+$/, 'YYY');
    assert.deepEqual(await post('{"text":"Hello"}', other), [404, 'no_service', null]);
    assert.deepEqual(await post('', slack.webhookUrl, 'GET'), [405, 'bad_method', null]);
    slack.refuse({ status: 0, body: '' }, slackRateLimited);
    await assert.rejects(post('{"text":"Hello"}'));
    assert.deepEqual(await post('{"text":"Hello"}'), [429, 'rate_limited', '1']);
    assert.deepEqual(await post('{"text":"Again"}', slack.urlOf('-ops')), [200, 'ok', null]);
    assert.deepEqual(
      slack.messages.map(({ text }) => text),
      ['Hello', 'F', 'Again'],
    );
    assert.match(slack.messages[2]?.path ?? '', /-ops$/);
  });
});

describe('the stand-in of a mail server', () => {
  test('takes mails of its login alone, and keeps what is in them', async () => {
    await using mail = await startMailServer({ login: { user: 'ann', password: 'p w' } });
    const wrong = await speak(mail.port, ['EHLO me', `AUTH PLAIN ${token('other')}`]);
    assert.match(wrong, /^535 /m);
    const lines = ['Subject: =?UTF-8?q?=C3=9Cber_all?=', '', 'Hello', '.', 'QUIT'];
    const envelope = ['MAIL FROM:<a@b.c>', 'RCPT TO:<d@e.f>', 'DATA'];
    assert.match(await speak(mail.port, ['EHLO me', ...envelope]), /^530 /m);
    const login = ['EHLO me', `AUTH PLAIN ${token('p w')}`];
    mail.refuse(451);
    assert.match(await speak(mail.port, [...login, ...envelope.slice(0, 2)]), /^451 /m);
    assert.match(await speak(mail.port, [...login, ...envelope, ...lines]), /^221 /m);
    assert.equal(mail.mails.length, 1);
    const [got] = mail.mails;
    assert.deepEqual(
      [got?.from, got?.to, got?.subject, got?.text],
      ['a@b.c', ['d@e.f'], 'Über all', 'Hello\n'],
    );
    assert.equal(mail.logins.length, 3);
  });

  test('a mail of several parts is read as people see it', () => {
    const mail = readMail(
      [
        'Subject: =?UTF-8?b?w5w=?=\r\n =?UTF-8?q?_b?=',
        'Content-Type: multipart/alternative; boundary=x',
        '',
        '--x',
        'Content-Type: text/plain; charset=UTF-8',
        'Content-Transfer-Encoding: quoted-printable',
        '',
        'a =C3=BC=',
        ' b',
        '--x',
        'Content-Type: text/html',
        'Content-Transfer-Encoding: base64',
        '',
        Buffer.from('<p>ü</p>').toString('base64'),
        '--x--',
      ].join('\r\n'),
    );
    assert.deepEqual([mail.subject, mail.text.trim(), mail.html], ['Ü b', 'a ü b', '<p>ü</p>']);
  });
});

/** A login as AUTH PLAIN takes it. */
function token(password: string): string {
  return Buffer.from(`\0ann\0${password}`).toString('base64');
}

/** Says one line after each answer, and gives back all answers. */
function speak(port: number, lines: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, '127.0.0.1');
    const left = [...lines];
    let heard = '';
    let inData = false;
    const next = () => {
      const line = left.shift();
      if (line === undefined) return socket.end();
      socket.write(`${line}\r\n`);
      if (line === '.') inData = false;
      else if (inData) next();
      if (line === 'DATA') inData = true;
      return undefined;
    };
    socket.setEncoding('utf8').on('data', (text: string) => {
      heard += text;
      if (/^\d{3} .*\r\n$/m.test(text)) next();
    });
    socket.on('error', reject).on('close', () => resolve(heard));
  });
}
