-- upgrade
CREATE OR REPLACE FUNCTION "public"."doubled"(n int, by int default 2) returns int language sql as $$ select n * by + 1 $$;
do $$
            begin
                CREATE OR REPLACE VIEW "public"."named" AS SELECT id FROM jobs WHERE name IS NOT NULL;

            exception when others then
                DROP VIEW IF EXISTS "public"."named";

                CREATE VIEW "public"."named" AS SELECT id FROM jobs WHERE name IS NOT NULL;
            end;
        $$ language 'plpgsql';
DROP MATERIALIZED VIEW IF EXISTS "public"."totals";
CREATE MATERIALIZED VIEW "public"."totals" AS SELECT count(*) AS n, max(id) AS last FROM jobs WITH  DATA;
DROP TRIGGER IF EXISTS "touched" ON public.jobs;
CREATE TRIGGER "touched" BEFORE INSERT ON public.jobs FOR EACH ROW EXECUTE FUNCTION touch();
DROP POLICY IF EXISTS everybody on public.jobs;
CREATE POLICY everybody on public.jobs as PERMISSIVE for SELECT to public using (id > 0);
-- downgrade
DROP POLICY IF EXISTS everybody on public.jobs;
CREATE POLICY everybody on public.jobs as PERMISSIVE for SELECT to public using (true);
DROP TRIGGER IF EXISTS "touched" ON public.jobs;
CREATE TRIGGER "touched" BEFORE UPDATE ON public.jobs FOR EACH ROW EXECUTE FUNCTION touch();
DROP MATERIALIZED VIEW IF EXISTS "public"."totals";
CREATE MATERIALIZED VIEW "public"."totals" AS SELECT count(*) AS n
   FROM jobs WITH  DATA;
do $$
            begin
                CREATE OR REPLACE VIEW "public"."named" AS SELECT jobs.id,
    jobs.name
   FROM jobs
  WHERE (jobs.name IS NOT NULL);

            exception when others then
                DROP VIEW IF EXISTS "public"."named";

                CREATE VIEW "public"."named" AS SELECT jobs.id,
    jobs.name
   FROM jobs
  WHERE (jobs.name IS NOT NULL);
            end;
        $$ language 'plpgsql';
CREATE OR REPLACE FUNCTION "public"."doubled"(n integer, by integer DEFAULT 2) returns integer
 LANGUAGE sql
AS $function$ select n * by $function$;
