-- upgrade
CREATE OR REPLACE VIEW some_jobs AS SELECT id FROM jobs WHERE id > 0;
-- downgrade
DROP VIEW some_jobs;
