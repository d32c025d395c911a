ALTER TABLE parcels RENAME COLUMN contents TO description;
