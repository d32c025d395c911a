-- CreateTable
CREATE TABLE "feedings" (
    "id" UUID NOT NULL,
    "baby_name" TEXT NOT NULL,
    "amount_ml" INTEGER NOT NULL,
    "created_at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "feedings_pkey" PRIMARY KEY ("id")
);
