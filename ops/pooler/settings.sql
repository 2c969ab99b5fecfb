-- What our sessions rely on, where a pooler is in the way and does not hand it on. As an owner of the role:
--   psql "$DATABASE_MIGRATE_URL" -f ops/pooler/settings.sql
ALTER ROLE halobestie IN DATABASE halobestie SET default_transaction_isolation = 'read committed';
ALTER ROLE halobestie IN DATABASE halobestie SET default_transaction_read_only = off;
ALTER ROLE halobestie IN DATABASE halobestie SET statement_timeout = '10s';
ALTER ROLE halobestie IN DATABASE halobestie SET lock_timeout = '5s';
ALTER ROLE halobestie IN DATABASE halobestie SET idle_in_transaction_session_timeout = '4s';
ALTER ROLE halobestie IN DATABASE halobestie SET idle_session_timeout = 0;
