-- AlterTable
ALTER TABLE "feedings" ADD COLUMN     "note" TEXT;
