-- upgrade
CREATE VIEW some_jobs AS SELECT id FROM jobs WHERE id > 0;
CREATE FUNCTION "touch"() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE TRIGGER "touched" BEFORE UPDATE ON "jobs" FOR EACH ROW EXECUTE PROCEDURE "touch"();
-- downgrade
DROP TRIGGER "touched" ON "jobs";
DROP FUNCTION touch();
DROP VIEW some_jobs;
