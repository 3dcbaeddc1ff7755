import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { CommandError, connectionError } from './command-error.ts';
import { exitCodes } from './exit-code.ts';
import type { Settings } from './settings.ts';

const URL_DEFAULT = 'http://127.0.0.1:8080';
const ALERTMANAGER_URL_DEFAULT = 'http://127.0.0.1:9093';

export interface ConnectionOptions {
  readonly url?: string;
  readonly keyFile?: string;
}

/** `--url`, AOS_URL, the address that a local stack keeps, or the default. */
export function urlOf(settings: Settings, options: ConnectionOptions): string {
  const text =
    options.url ?? settings.url ?? contentOf(resolve(settings.home, 'url')) ?? URL_DEFAULT;
  return addressOf(text, {
    of: 'the API',
    example: URL_DEFAULT,
    mend: '--url or AOS_URL',
    login: 'Give the API key with --key-file or AOS_API_KEY.',
  });
}

/** ALERTMANAGER_URL, or the default. */
export function alertmanagerUrlOf(settings: Settings): string {
  return addressOf(settings.alertmanagerUrl ?? ALERTMANAGER_URL_DEFAULT, {
    of: 'Alertmanager',
    example: ALERTMANAGER_URL_DEFAULT,
    mend: 'ALERTMANAGER_URL',
    login: 'Speak to an Alertmanager that needs none.',
  });
}

/** `--key-file`, AOS_API_KEY, AOS_API_KEY_FILE, or the key that a local stack keeps. */
export function apiKeyOf(settings: Settings, options: ConnectionOptions, folder: string): string {
  const kept = resolve(settings.home, 'api-key');
  if (options.keyFile !== undefined) return keyIn(resolve(folder, options.keyFile), '--key-file');
  if (settings.apiKey !== undefined) return checked(settings.apiKey, 'AOS_API_KEY');
  if (settings.apiKeyFile !== undefined) {
    return keyIn(resolve(folder, settings.apiKeyFile), 'AOS_API_KEY_FILE');
  }
  const key = contentOf(kept);
  if (key !== undefined) return checked(key, kept);
  throw connectionError(
    `There is no API key. Give one with --key-file, AOS_API_KEY or AOS_API_KEY_FILE; \`npm start\` keeps the one of a local stack in ${kept}.`,
  );
}

/** `--database`, DATABASE_URL, DATABASE_URL_FILE, or the database of a local stack. */
export function databaseUrlOf(settings: Settings, given: string | undefined): string {
  const kept = resolve(settings.home, 'reader-url');
  const file = settings.databaseUrlFile;
  const url =
    given ?? settings.databaseUrl ?? (file === undefined ? contentOf(kept) : contentOf(file));
  if (url === undefined) {
    throw new CommandError(
      exitCodes.notChecked,
      `There is no database to check. Name one with DATABASE_URL or --database; \`npm start\` keeps the one of a local stack in ${kept}.`,
    );
  }
  if (URL.canParse(url) && /^postgres(ql)?:$/.test(new URL(url).protocol)) return url;
  // Not repeated: there is a password in it.
  throw new CommandError(
    exitCodes.notChecked,
    'The database must be given as postgres://user:password@host:5432/database. Mend --database or DATABASE_URL.',
  );
}

interface AddressWords {
  readonly of: string;
  readonly example: string;
  /** Where a wrong one is to be mended. */
  readonly mend: string;
  /** What to do instead of putting a login into it. */
  readonly login: string;
}

function addressOf(text: string, { of, example, mend, login }: AddressWords): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw connectionError(
      `The address of ${of} must begin with http:// or https://, as in ${example}. Mend ${mend}.`,
    );
  }
  if (url.username || url.password) {
    throw connectionError(`The address of ${of} may not hold a user or a password. ${login}`);
  }
  return url.origin + url.pathname.replace(/\/+$/, '');
}

function keyIn(file: string, source: string): string {
  const key = contentOf(file);
  if (key === undefined) {
    throw connectionError(
      `${source} names ${file}, which cannot be read or is empty. Name a file that holds the API key.`,
    );
  }
  return checked(key, source);
}

/** A header with anything else in it is refused by `fetch`, in a sentence that shows the key. */
function checked(key: string, source: string): string {
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw connectionError(
    `The API key in ${source} is none: it holds blanks or special characters. Copy it again.`,
  );
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
