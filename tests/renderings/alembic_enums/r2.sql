-- upgrade
CREATE TYPE _tmp_state_8028 AS ENUM ('done', 'late', 'new');
ALTER TABLE "jobs" ALTER COLUMN "st" DROP DEFAULT;
ALTER TABLE "jobs" ALTER COLUMN "st" TYPE "_tmp_state_8028" USING "st"::text::"_tmp_state_8028";
UPDATE jobs SET st='late' WHERE jobs.st = 'done';
DROP TYPE state;
CREATE TYPE state AS ENUM ('new', 'late');
ALTER TABLE "jobs" ALTER COLUMN "st" TYPE "state" USING "st"::text::"state";
ALTER TABLE "jobs" ALTER COLUMN "st" SET DEFAULT 'late';
DROP TYPE _tmp_state_8028;
-- downgrade
CREATE TYPE _tmp_state_8317 AS ENUM ('done', 'late', 'new');
ALTER TABLE "jobs" ALTER COLUMN "st" DROP DEFAULT;
ALTER TABLE "jobs" ALTER COLUMN "st" TYPE "_tmp_state_8317" USING "st"::text::"_tmp_state_8317";
UPDATE jobs SET st='done' WHERE jobs.st = 'late';
DROP TYPE state;
CREATE TYPE state AS ENUM ('new', 'done');
ALTER TABLE "jobs" ALTER COLUMN "st" TYPE "state" USING "st"::text::"state";
ALTER TABLE "jobs" ALTER COLUMN "st" SET DEFAULT 'new';
DROP TYPE _tmp_state_8317;
