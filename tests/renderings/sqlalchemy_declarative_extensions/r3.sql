-- upgrade
DROP VIEW some_jobs;
CREATE VIEW some_jobs AS  SELECT jobs.id
       FROM jobs
      WHERE (jobs.id > 9);
-- downgrade
DROP VIEW some_jobs;
CREATE VIEW some_jobs AS  SELECT jobs.id
       FROM jobs
      WHERE (jobs.id > 0);
