-- AlterTable
ALTER TABLE "feedings" DROP COLUMN "amount_ml";
