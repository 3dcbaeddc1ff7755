import { problemsOf, sentence, type JsonSchema } from '@aos/core';

/** How the text of a setting becomes a value. `must` never repeats the text: it may be a secret. */
export interface Rule<T> {
  /** Undefined when the text is wrong. */
  readonly read: (text: string) => T | undefined;
  /** Ends the sentence "NAME …". */
  readonly must: (text: string) => string;
}

export const anyText: Rule<string> = { read: (text) => text, must: () => '' };

export function oneOf<const T extends string>(values: readonly T[]): Rule<T> {
  return {
    read: (text) => values.find((value) => value === text),
    must: () => `must be one of ${values.join(', ')}`,
  };
}

export function wholeNumber(min: number, max: number): Rule<number> {
  return {
    read(text) {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    },
    must: () => `must be a whole number from ${min} to ${max}`,
  };
}

export const postgresUrl: Rule<string> = {
  read: (text) => (/^postgres(ql)?:\/\/./.test(text) && URL.canParse(text) ? text : undefined),
  must: () => 'must be an address such as postgres://user:password@host:5432/database',
};

export const httpUrl: Rule<string> = {
  read: (text) => (/^https?:\/\//.test(text) && URL.canParse(text) ? text : undefined),
  must: () => 'must be an address that begins with http:// or https://',
};

/** `host`, `host:port`, `[v6]:port` or a network; whoever uses the list reads its entries in full. */
const HOST_ENTRY = /^[^\s,=@?#\\]+$/;

export const hostList: Rule<readonly string[]> = {
  read(text) {
    const entries = splitList(text);
    return entries.every((entry) => HOST_ENTRY.test(entry)) ? entries : undefined;
  },
  must: () => 'must be a list such as localhost:8080,10.0.0.0/8',
};

export const hostMap: Rule<Readonly<Record<string, string>>> = {
  read(text) {
    const pairs = splitList(text).map((entry) => entry.split('=').map((side) => side.trim()));
    const whole = pairs.every(
      (pair) => pair.length === 2 && pair.every((side) => HOST_ENTRY.test(side)),
    );
    const names = new Set(pairs.map(([from]) => from));
    return whole && names.size === pairs.length
      ? (Object.fromEntries(pairs) as Record<string, string>)
      : undefined;
  },
  must: () => 'must be a list such as example.com=127.0.0.1:8080 that names no host twice',
};

export const fraction: Rule<number> = {
  read(text) {
    const value = /^\d{0,3}(\.\d{1,15})?$/.test(text) && text !== '' ? Number(text) : Number.NaN;
    return value >= 0 && value <= 1 ? value : undefined;
  },
  must: () => 'must be a number from 0 to 1',
};

/** `name=value,name=value` as OpenTelemetry writes it: values are percent-encoded. */
export const pairs: Rule<Readonly<Record<string, string>>> = {
  read(text) {
    const entries = splitList(text).map((entry) => {
      const [, name = '', value = ''] = /^([^\s=]+?)\s*=\s*(.*)$/.exec(entry) ?? [];
      return [name, decoded(value)] as const;
    });
    return entries.every(([name, value]) => name !== '' && value !== undefined)
      ? (Object.fromEntries(entries) as Record<string, string>)
      : undefined;
  },
  must: () => 'must be a list such as name=value,other=value with percent-encoded values',
};

function decoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

/** JSON text that holds `schema`. Problems name paths, never values. */
export function json<T>(schema: JsonSchema): Rule<T> {
  return {
    read(text) {
      const value = parsed(text);
      return value !== undefined && problemsOf(schema, value).length === 0
        ? (value as T)
        : undefined;
    },
    must(text) {
      const value = parsed(text);
      return value === undefined
        ? 'must be JSON'
        : `does not fit: ${sentence(problemsOf(schema, value))}`;
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
