-- AlterTable
ALTER TABLE "feedings" ADD COLUMN     "burped" BOOLEAN;
