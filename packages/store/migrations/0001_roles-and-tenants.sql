-- Up Migration

-- The three roles of AOS. They are group roles: give a service its own login in one of them, or let
-- the owner's login take the role when it connects. None of them owns a table, so none can change the
-- schema or step around row-level security.
--   aos_api     HTTP side: acts for the tenants named in the setting aos.tenants, and no others.
--   aos_worker  executes runs of all tenants.
--   aos_reader  reads everything, writes nothing: operators, checks, dashboards.
do $$
declare
  role_name text;
begin
  foreach role_name in array array['aos_api', 'aos_worker', 'aos_reader'] loop
    begin
      execute format('create role %I nologin', role_name);
    exception when duplicate_object or unique_violation then
      null; -- Roles belong to the server: another database of it has made them.
    end;
    begin
      execute format('grant %I to %I', role_name, current_user);
    exception when others then
      raise notice 'The owner is no member of %: give the services logins of their own.', role_name;
    end;
  end loop;
end
$$;

grant usage on schema aos to aos_api, aos_worker, aos_reader;
grant select on aos.migrations to aos_api, aos_worker, aos_reader;

-- For whom this transaction acts: a comma-separated list, because requests of several tenants may
-- share one commit. Unset means nobody.
create function aos.acting_tenants() returns text[]
  language sql stable parallel safe
  return string_to_array(nullif(current_setting('aos.tenants', true), ''), ',');

-- Puts a table under row-level security: the API sees its tenants, the worker and the reader see all.
-- The owner gets a policy too, since the aggregate functions below run as the owner.
create procedure aos.isolate(table_name text, api_may text, worker_may text)
  language plpgsql
as $$
begin
  execute format('alter table aos.%I enable row level security', table_name);
  execute format('alter table aos.%I force row level security', table_name);
  execute format(
    'create policy tenant on aos.%I to aos_api
       using (tenant_id = any (aos.acting_tenants()))
       with check (tenant_id = any (aos.acting_tenants()))', table_name);
  execute format('create policy all_tenants on aos.%I to aos_worker using (true) with check (true)', table_name);
  execute format('create policy read_all on aos.%I for select to aos_reader using (true)', table_name);
  execute format('create policy owner on aos.%I to %I using (true) with check (true)', table_name, current_user);
  execute format('grant select on aos.%I to aos_reader', table_name);
  execute format('grant %s on aos.%I to aos_api', api_may, table_name);
  execute format('grant %s on aos.%I to aos_worker', worker_may, table_name);
end
$$;

-- A tenant is named, not numbered: rows stay readable.
create table aos.tenants (
  tenant_id  text primary key check (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  created_at timestamptz not null default now()
);
call aos.isolate('tenants', 'select, insert', 'select');
insert into aos.tenants (tenant_id) values ('default');

-- An API key is an id and 256 random bits; only the SHA-256 of the secret is kept.
create table aos.api_keys (
  tenant_id    text not null references aos.tenants,
  id           uuid primary key,
  name         text not null,
  secret_hash  bytea not null check (length(secret_hash) = 32),
  scopes       text[] not null,
  created_at   timestamptz not null default now(),
  expires_at   timestamptz,
  revoked_at   timestamptz,
  last_used_at timestamptz
);
call aos.isolate('api_keys', 'select, insert, update', 'select');

-- The one look-up that comes before a tenant is known. It notes the use once a minute.
create function aos.find_api_key(key_id uuid)
  returns table (tenant_id text, name text, secret_hash bytea, scopes text[], expires_at timestamptz, revoked_at timestamptz)
  language plpgsql security definer set search_path = aos, pg_temp
as $$
begin
  update aos.api_keys k set last_used_at = now()
   where k.id = key_id and (k.last_used_at is null or k.last_used_at < now() - interval '1 minute');
  return query
    select k.tenant_id, k.name, k.secret_hash, k.scopes, k.expires_at, k.revoked_at
      from aos.api_keys k where k.id = key_id;
end
$$;
revoke execute on function aos.find_api_key from public;
grant execute on function aos.find_api_key to aos_api;
