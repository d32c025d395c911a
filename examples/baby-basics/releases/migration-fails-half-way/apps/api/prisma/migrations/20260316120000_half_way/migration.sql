-- The first half is committed when the second fails.
BEGIN;
ALTER TABLE "feedings" DROP COLUMN "amount_ml";
COMMIT;
ALTER TABLE "feedings" ADD COLUMN "amount_ml" INTEGER NOT NULL DEFAULT 1 / 0;
