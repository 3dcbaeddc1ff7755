import { Writable } from 'node:stream';

import winston from 'winston';

import { bounded } from './bounded.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
export type Fields = Readonly<Record<string, unknown>>;

/** A line is the name of an event and its fields, never prose with values inside. */
export interface Logger {
  error(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  debug(event: string, fields?: Fields): void;
  /** A logger whose lines carry these fields too. */
  child(fields: Fields): Logger;
}

export interface LoggerOptions {
  readonly service: string;
  readonly level: LogLevel;
  /** Where lines go, each with its line end; left out, to stdout. */
  readonly write?: (line: string) => void;
}

const LEVELS: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 };
const LINE_CHARS_MAX = 32_000;
const RESERVED = new Set(['time', 'level', 'service', 'event']);

/** JSON lines with `time, level, service, event` and the fields, bounded and without secrets. */
export function createLogger({ service, level, write }: LoggerOptions): Logger {
  const logger = winston.createLogger({
    level,
    levels: LEVELS,
    format: winston.format.printf(({ level: severity, message, fields }) =>
      toLine(severity, service, String(message), (fields ?? {}) as Fields),
    ),
    transports: [
      new winston.transports.Stream({
        stream: writable(write ?? gathered(process.stdout)),
        eol: '\n',
      }),
    ],
  });
  // Winston makes the line first and asks for its level then.
  return withFields(logger, (line) => LEVELS[line] <= LEVELS[level], {});
}

function withFields(
  logger: winston.Logger,
  isWanted: (level: LogLevel) => boolean,
  common: Fields,
): Logger {
  const at = (level: LogLevel) =>
    isWanted(level)
      ? (event: string, fields?: Fields): void => {
          logger.log({ level, message: event, fields: { ...common, ...fields } });
        }
      : (): void => {};
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    child: (fields) => withFields(logger, isWanted, { ...common, ...fields }),
  };
}

function toLine(level: string, service: string, event: string, fields: Fields): string {
  const head = { time: new Date().toISOString(), level, service, event: bounded(event) };
  // Without a prototype: a field named `__proto__` stays a field.
  const members = Object.assign(Object.create(null) as Record<string, unknown>, head);
  for (const [key, value] of Object.entries(bounded(fields) as Fields)) {
    members[RESERVED.has(key) ? `${key}_` : key] = value;
  }
  const line = JSON.stringify(members);
  return escaped(
    line.length <= LINE_CHARS_MAX
      ? line
      : JSON.stringify({ ...head, dropped: `fields of ${line.length} characters` }),
  );
}

/**
 * What a terminal would act on or hide, and `JSON.stringify` leaves as it is: delete and C1 controls,
 * invisible and direction-changing characters, line separators, tag characters.
 */
const UNPRINTABLE =
  /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** What JSON text is made of almost always; it holds nothing of the above. */
const PLAIN = /^[\u0020-\u007e]*$/;

function escaped(json: string): string {
  if (PLAIN.test(json)) return json;
  return json.replace(UNPRINTABLE, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** Lines of one turn of the event loop go out together: each write is a call of the system. */
function gathered(out: NodeJS.WritableStream): (line: string) => void {
  let lines = '';
  const flush = (): void => {
    const text = lines;
    lines = '';
    if (text !== '') out.write(text);
  };
  process.once('exit', flush);
  return (line) => {
    if (lines === '') setImmediate(flush);
    lines += line;
  };
}

function writable(write: (line: string) => void): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      write(chunk);
      done();
    },
  });
}
