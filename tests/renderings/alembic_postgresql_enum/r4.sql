-- upgrade
CREATE INDEX ix_jobs_new ON jobs (id) WHERE st = 'new';
ALTER TYPE "public"."state" RENAME TO "state_old";
CREATE TYPE "public"."state" AS ENUM('new', 'finished');
CREATE FUNCTION "public".new_old_not_equals(
                new_enum_val "public"."state", old_enum_val "public"."state_old"
            )
            RETURNS boolean AS $$
                SELECT new_enum_val::text != CASE
                    WHEN old_enum_val::text = 'late' THEN 'finished'

                    ELSE old_enum_val::text
                END;
            $$ LANGUAGE SQL IMMUTABLE;
CREATE OPERATOR "public".!= (
            leftarg = "public"."state",
            rightarg = "public"."state_old",
            procedure = "public".new_old_not_equals
        );
CREATE FUNCTION "public".new_old_equals(
                new_enum_val "public"."state", old_enum_val "public"."state_old"
            )
            RETURNS boolean AS $$
                SELECT new_enum_val::text = CASE
                    WHEN old_enum_val::text = 'late' THEN 'finished'

                    ELSE old_enum_val::text
                END;
            $$ LANGUAGE SQL IMMUTABLE;
CREATE OPERATOR "public".= (
            leftarg = "public"."state",
            rightarg = "public"."state_old",
            procedure = "public".new_old_equals
        );
DROP INDEX IF EXISTS "public"."ix_jobs_new";
ALTER TABLE "public"."jobs" 
            ALTER COLUMN "past" TYPE "public"."state"[]
            USING array_replace("past"::text[], 'late', 'finished')::"public"."state"[];
ALTER TABLE "public"."jobs"
             ALTER COLUMN "st" DROP DEFAULT;
ALTER TABLE "public"."jobs" 
                ALTER COLUMN "st" TYPE "public"."state" 
                USING CASE 
                WHEN "st"::text = 'late' THEN 'finished'::"public"."state"

                ELSE "st"::text::"public"."state"
                END;
ALTER TABLE "public"."jobs"
            ALTER COLUMN "st" SET DEFAULT 'new'::public.state;
DROP OPERATOR IF EXISTS "public".!= (
                "public"."state",
                "public"."state_old"
            );
DROP FUNCTION "public".new_old_not_equals(
            new_enum_val "public"."state", old_enum_val "public"."state_old"
        );
DROP OPERATOR IF EXISTS "public".= (
                "public"."state",
                "public"."state_old"
            );
DROP FUNCTION "public".new_old_equals(
            new_enum_val "public"."state", old_enum_val "public"."state_old"
        );
DROP TYPE "public"."state_old";
CREATE INDEX ix_jobs_new ON public.jobs USING btree (id) WHERE (st = 'new'::state);
-- downgrade
ALTER TYPE "public"."state" RENAME TO "state_old";
CREATE TYPE "public"."state" AS ENUM('new', 'late');
CREATE FUNCTION "public".new_old_not_equals(
                new_enum_val "public"."state", old_enum_val "public"."state_old"
            )
            RETURNS boolean AS $$
                SELECT new_enum_val::text != CASE
                    WHEN old_enum_val::text = 'finished' THEN 'late'

                    ELSE old_enum_val::text
                END;
            $$ LANGUAGE SQL IMMUTABLE;
CREATE OPERATOR "public".!= (
            leftarg = "public"."state",
            rightarg = "public"."state_old",
            procedure = "public".new_old_not_equals
        );
CREATE FUNCTION "public".new_old_equals(
                new_enum_val "public"."state", old_enum_val "public"."state_old"
            )
            RETURNS boolean AS $$
                SELECT new_enum_val::text = CASE
                    WHEN old_enum_val::text = 'finished' THEN 'late'

                    ELSE old_enum_val::text
                END;
            $$ LANGUAGE SQL IMMUTABLE;
CREATE OPERATOR "public".= (
            leftarg = "public"."state",
            rightarg = "public"."state_old",
            procedure = "public".new_old_equals
        );
DROP INDEX IF EXISTS "public"."ix_jobs_new";
ALTER TABLE "public"."jobs" 
            ALTER COLUMN "past" TYPE "public"."state"[]
            USING array_replace("past"::text[], 'finished', 'late')::"public"."state"[];
ALTER TABLE "public"."jobs"
             ALTER COLUMN "st" DROP DEFAULT;
ALTER TABLE "public"."jobs" 
                ALTER COLUMN "st" TYPE "public"."state" 
                USING CASE 
                WHEN "st"::text = 'finished' THEN 'late'::"public"."state"

                ELSE "st"::text::"public"."state"
                END;
ALTER TABLE "public"."jobs"
            ALTER COLUMN "st" SET DEFAULT 'new'::public.state;
DROP OPERATOR IF EXISTS "public".!= (
                "public"."state",
                "public"."state_old"
            );
DROP FUNCTION "public".new_old_not_equals(
            new_enum_val "public"."state", old_enum_val "public"."state_old"
        );
DROP OPERATOR IF EXISTS "public".= (
                "public"."state",
                "public"."state_old"
            );
DROP FUNCTION "public".new_old_equals(
            new_enum_val "public"."state", old_enum_val "public"."state_old"
        );
DROP TYPE "public"."state_old";
CREATE INDEX ix_jobs_new ON public.jobs USING btree (id) WHERE (st = 'new'::state);
DROP INDEX ix_jobs_new;
