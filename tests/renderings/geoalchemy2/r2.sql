-- upgrade
ALTER TABLE owners ADD COLUMN home geometry(POINT,4326);
CREATE INDEX idx_owners_home ON owners USING gist (home);
ALTER TABLE owners ADD COLUMN work geometry(POINT,4326);
CREATE INDEX idx_owners_work ON owners USING gist (work);
ALTER TABLE shops DROP COLUMN area;
-- downgrade
ALTER TABLE shops ADD COLUMN area geometry(POLYGON,4326);
ALTER TABLE owners DROP COLUMN work;
DROP INDEX idx_owners_home;
ALTER TABLE owners DROP COLUMN home;
