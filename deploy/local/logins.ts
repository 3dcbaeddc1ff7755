import { randomBytes } from 'node:crypto';

import type { Db } from '@aos/store';

import type { Home } from './home.ts';

/** The logins of the embedded server: none of them is a superuser, none owns a table of AOS. */
const LOGINS = ['aos_api', 'aos_worker', 'aos_reader', 'aos_query'] as const;
export type Login = (typeof LOGINS)[number];

export const LOGINS_FILE = 'database-logins.json';

export type Logins = Readonly<Record<Login, string>>;

/** Gives every login its password; they are made once and kept, for psql. */
export async function openLogins(owner: Db, home: Home): Promise<Logins> {
  const kept = JSON.parse(home.read(LOGINS_FILE) ?? '{}') as Partial<Logins>;
  const logins = Object.fromEntries(
    LOGINS.map((login) => [login, kept[login] ?? randomBytes(24).toString('base64url')]),
  ) as Logins;
  home.write(LOGINS_FILE, JSON.stringify(logins, null, 2));

  const roles = await owner.query<{ rolname: string }>(
    `select rolname from pg_roles where rolname = 'aos_query'`,
  );
  if (roles.length === 0) await owner.query('create role aos_query');
  for (const login of LOGINS) {
    // The parameters of `alter role` cannot be bound. Both texts are ours: letters, digits, - and _.
    await owner.query(`alter role ${login} login password '${logins[login]}'`);
  }
  return logins;
}

/** The same server and database under another login. */
export function urlAs(ownerUrl: string, login: Login, logins: Logins, database: string): string {
  const url = new URL(ownerUrl);
  url.username = login;
  url.password = logins[login];
  url.pathname = `/${database}`;
  return url.href;
}
