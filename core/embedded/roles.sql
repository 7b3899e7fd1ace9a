-- The two roles and the database, for the embedded server and for PostgreSQL's container. Running it again is fine.
-- Passwords come from the environment (STAMGAST_OWNER_PASSWORD, STAMGAST_APP_PASSWORD), never from arguments.
--
-- stamgast_owner owns the database, migrates and provisions. It may see statistics and end sessions (to drop a database
-- that the other role is connected to). stamgast_app is a guest: it gets its rights table by table, and no CREATE.
\set ON_ERROR_STOP on
SELECT 'CREATE ROLE stamgast_owner LOGIN' WHERE to_regrole('stamgast_owner') IS NULL \gexec
SELECT 'CREATE ROLE stamgast_app LOGIN' WHERE to_regrole('stamgast_app') IS NULL \gexec
\getenv owner_password STAMGAST_OWNER_PASSWORD
\getenv app_password STAMGAST_APP_PASSWORD
ALTER ROLE stamgast_owner CREATEDB NOCREATEROLE NOSUPERUSER PASSWORD :'owner_password';
ALTER ROLE stamgast_app NOCREATEDB NOCREATEROLE NOSUPERUSER PASSWORD :'app_password';
GRANT pg_monitor, pg_signal_backend, stamgast_app TO stamgast_owner;
SELECT 'CREATE DATABASE stamgast OWNER stamgast_owner'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'stamgast') \gexec
\connect stamgast
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA IF NOT EXISTS monitoring;
GRANT USAGE ON SCHEMA monitoring TO stamgast_owner;
SELECT 'CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA monitoring'
  WHERE current_setting('shared_preload_libraries') LIKE '%pg_stat_statements%' \gexec
