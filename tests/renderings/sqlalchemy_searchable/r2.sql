-- upgrade
ALTER TABLE articles ADD COLUMN content TEXT;
DROP TRIGGER IF EXISTS articles_found_trigger ON "articles";
DROP FUNCTION IF EXISTS articles_found_update();
CREATE FUNCTION
            articles_found_update() RETURNS TRIGGER AS $$
        BEGIN
            NEW.found = to_tsvector('pg_catalog.english', coalesce(NEW.name, '')) || to_tsvector('pg_catalog.english', coalesce(NEW.content, ''));
            RETURN NEW;
        END
        $$ LANGUAGE 'plpgsql';
CREATE TRIGGER articles_found_trigger BEFORE UPDATE OR INSERT ON "articles" FOR EACH ROW EXECUTE PROCEDURE tsvector_update_trigger(found, 'pg_catalog.english', name, content);
UPDATE articles SET name=name;
-- downgrade
DROP TRIGGER IF EXISTS articles_found_trigger ON "articles";
DROP FUNCTION IF EXISTS articles_found_update();
ALTER TABLE articles DROP COLUMN content;
