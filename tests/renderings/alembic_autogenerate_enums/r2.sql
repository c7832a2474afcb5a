-- upgrade
COMMIT;
ALTER TYPE public.state ADD VALUE 'late';
-- downgrade
ALTER TYPE public.state RENAME TO state_old;
CREATE TYPE public.state AS ENUM('done', 'new');
ALTER TABLE jobs ALTER COLUMN st TYPE public.state USING st::text::public.state;
DROP TYPE public.state_old;
