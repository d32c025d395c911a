ALTER TABLE parcels ADD COLUMN weight_grams integer NOT NULL DEFAULT 0;

CREATE TABLE labels (
  parcel uuid PRIMARY KEY REFERENCES parcels (id),
  printed_at timestamptz NOT NULL DEFAULT now()
);
