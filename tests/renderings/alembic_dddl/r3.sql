-- upgrade
CREATE OR REPLACE VIEW some_jobs AS SELECT id FROM jobs WHERE id > 9;
-- downgrade
CREATE OR REPLACE VIEW some_jobs AS SELECT id FROM jobs WHERE id > 0;
