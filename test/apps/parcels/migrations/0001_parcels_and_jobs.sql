CREATE TABLE parcels (
  id uuid PRIMARY KEY,
  contents text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE jobs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  parcel uuid NOT NULL REFERENCES parcels (id),
  done_at timestamptz,
  done_by text
);

CREATE INDEX jobs_waiting ON jobs (id) WHERE done_at IS NULL;
