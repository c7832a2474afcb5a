-- upgrade
ALTER TYPE "public"."state" RENAME TO "state_old";
CREATE TYPE "public"."state" AS ENUM('new', 'late');
CREATE FUNCTION "public".new_old_not_equals(
                new_enum_val "public"."state", old_enum_val "public"."state_old"
            )
            RETURNS boolean AS $$
                SELECT new_enum_val::text != old_enum_val::text;
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
                SELECT new_enum_val::text = old_enum_val::text;
            $$ LANGUAGE SQL IMMUTABLE;
CREATE OPERATOR "public".= (
            leftarg = "public"."state",
            rightarg = "public"."state_old",
            procedure = "public".new_old_equals
        );
ALTER TABLE "public"."jobs" 
            ALTER COLUMN "past" TYPE "public"."state"[]
            USING "past"::text[]::"public"."state"[];
ALTER TABLE "public"."jobs"
             ALTER COLUMN "st" DROP DEFAULT;
ALTER TABLE "public"."jobs" 
                ALTER COLUMN "st" TYPE "public"."state" 
                USING "st"::text::"public"."state";
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
-- downgrade
ALTER TYPE "public"."state" RENAME TO "state_old";
CREATE TYPE "public"."state" AS ENUM('new', 'done', 'late', 'gone');
CREATE FUNCTION "public".new_old_not_equals(
                new_enum_val "public"."state", old_enum_val "public"."state_old"
            )
            RETURNS boolean AS $$
                SELECT new_enum_val::text != old_enum_val::text;
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
                SELECT new_enum_val::text = old_enum_val::text;
            $$ LANGUAGE SQL IMMUTABLE;
CREATE OPERATOR "public".= (
            leftarg = "public"."state",
            rightarg = "public"."state_old",
            procedure = "public".new_old_equals
        );
ALTER TABLE "public"."jobs" 
            ALTER COLUMN "past" TYPE "public"."state"[]
            USING "past"::text[]::"public"."state"[];
ALTER TABLE "public"."jobs"
             ALTER COLUMN "st" DROP DEFAULT;
ALTER TABLE "public"."jobs" 
                ALTER COLUMN "st" TYPE "public"."state" 
                USING "st"::text::"public"."state";
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
