import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decodeBody } from './decode-body.ts';

const latin1 = Buffer.from('Käse', 'latin1');

test('the charset is taken from the header, the mark, the document, or the bytes', () => {
  assert.equal(decodeBody(latin1, 'text/html; charset=ISO-8859-1').text, 'Käse');
  assert.equal(decodeBody(latin1, 'text/html; Charset="windows-1252"').text, 'Käse');
  assert.equal(decodeBody(latin1, 'text/plain').text, 'Käse');
  assert.equal(decodeBody(Buffer.from('Käse'), 'text/plain').text, 'Käse');
  assert.equal(decodeBody(Buffer.from('Käse'), 'text/plain; charset=no-such').text, 'Käse');
  assert.equal(decodeBody(Buffer.from('\ufeffKäse', 'utf16le'), 'text/plain').text, 'Käse');
  assert.equal(decodeBody(Buffer.from('\ufeffKäse'), 'text/plain; charset=latin1').text, 'Käse');
  const shiftJis = Buffer.concat([
    Buffer.from('<meta charset="Shift_JIS">'),
    Buffer.of(0x93, 0xfa),
  ]);
  assert.match(decodeBody(shiftJis, 'text/html').text ?? '', /日$/);
  const xml = Buffer.concat([Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?>'), latin1]);
  assert.match(decodeBody(xml, 'application/rss+xml').text ?? '', /Käse$/);
});

test('what is no text stays bytes', () => {
  assert.equal(decodeBody(Buffer.of(1, 2), 'image/png').text, undefined);
  assert.equal(decodeBody(Buffer.of(1, 2), '').text, undefined);
  assert.equal(decodeBody(Buffer.of(0xff, 0x80), '').text, undefined);
  assert.equal(decodeBody(Buffer.from('packed'), 'text/html', 'zstd').text, undefined);
  assert.equal(decodeBody(Buffer.from('plain\n'), '').text, 'plain\n');
  assert.equal(decodeBody(Buffer.from('<svg/>'), 'image/svg+xml').text, '<svg/>');
});
