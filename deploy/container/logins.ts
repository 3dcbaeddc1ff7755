import { AosError } from '@aos/core';
import type { Db } from '@aos/store';

/** The role of a service, and the URL that the service connects with. */
export interface ServiceLogin {
  readonly role: 'aos_api' | 'aos_worker';
  readonly url: string;
}

const PRESENT = '42710';

/**
 * Makes the login of a service, or gives it its password anew, and lets it into its role. A service that
 * connects as the owner, whose password is not ours to change, is left alone.
 */
export async function openLogin(owner: Db, { role, url }: ServiceLogin): Promise<void> {
  const { username, password } = new URL(url);
  const name = decodeURIComponent(username);
  const secret = decodeURIComponent(password);
  const [own] = await owner.query<{ name: string }>('select current_user::text as name');
  if (name === own?.name) return;
  if (name === '' || secret === '') {
    throw new AosError(
      'invalid_request',
      `The URL for ${role} must hold a login and its password, such as postgres://${role}:password@host/database.`,
    );
  }
  await makeRole(owner, name);
  // Nothing of these statements can be bound, so the server quotes them itself.
  await perform(owner, `format('alter role %I login password %L', $1::text, $2::text)`, [
    name,
    secret,
  ]);
  if (name !== role)
    await perform(owner, `format('grant %I to %I', $1::text, $2::text)`, [role, name]);
  await perform(
    owner,
    `format('grant connect on database %I to %I', current_database(), $1::text)`,
    [name],
  );
}

async function makeRole(owner: Db, name: string): Promise<void> {
  const found = await owner.query('select from pg_roles where rolname = $1', [name]);
  if (found.length > 0) return;
  try {
    await perform(owner, `format('create role %I', $1::text)`, [name]);
  } catch (error) {
    // Another replica of this program was faster.
    if (!isPresent(error)) throw error;
  }
}

async function perform(owner: Db, statement: string, values: readonly string[]): Promise<void> {
  const [made] = await owner.query<{ sql: string }>(`select ${statement} as sql`, values);
  await owner.query(made?.sql ?? '');
}

function isPresent(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ((at as { code?: unknown }).code === PRESENT) return true;
  }
  return false;
}
