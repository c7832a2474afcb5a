-- upgrade
CREATE TABLE owners (
    id SERIAL NOT NULL, 
    PRIMARY KEY (id)
);
CREATE TABLE shops (
    id SERIAL NOT NULL, 
    owner_id INTEGER, 
    spot geometry(POINT,4326) NOT NULL, 
    area geography(POLYGON,4326), 
    PRIMARY KEY (id), 
    FOREIGN KEY(owner_id) REFERENCES owners (id)
);
CREATE INDEX idx_shops_spot ON shops USING gist (spot);
CREATE INDEX ix_shops_owner_id ON shops (owner_id);
-- downgrade
DROP INDEX ix_shops_owner_id;
DROP INDEX idx_shops_spot;
DROP TABLE shops;
DROP TABLE owners;
