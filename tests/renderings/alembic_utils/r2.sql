-- upgrade
CREATE EXTENSION "pgcrypto" WITH SCHEMA "public";
CREATE FUNCTION "public"."doubled"(n int, by int default 2) returns int language sql as $$ select n * by $$;
CREATE FUNCTION "public"."touch"() returns trigger language plpgsql as $$ begin return NEW; end $$;
CREATE VIEW "public"."named" AS SELECT id, name FROM jobs WHERE name IS NOT NULL;
CREATE MATERIALIZED VIEW "public"."totals" AS SELECT count(*) AS n FROM jobs WITH  DATA;
CREATE POLICY everybody on public.jobs as PERMISSIVE for SELECT to public using (true);
GRANT DELETE  ON "public"."jobs" TO "pg_monitor";
CREATE TRIGGER "touched" BEFORE UPDATE ON public.jobs FOR EACH ROW EXECUTE FUNCTION touch();
-- downgrade
DROP TRIGGER "touched" ON public.jobs;
REVOKE DELETE ON "public"."jobs" FROM "pg_monitor";
DROP POLICY everybody on public.jobs;
DROP MATERIALIZED VIEW "public"."totals";
DROP VIEW "public"."named";
DROP FUNCTION "public"."touch"();
DROP FUNCTION "public"."doubled"(n int, by int);
DROP EXTENSION "pgcrypto";
