import { feedings } from '../apps/feedings.ts'
import { queue } from '../apps/queue.ts'
import { shop } from '../apps/shop.ts'
import type { MigrationCase } from '../case.ts'

const prismaLedger = `create table _prisma_migrations (id varchar(36) primary key, checksum varchar(64) not null, finished_at timestamptz, migration_name varchar(255) not null, logs text, rolled_back_at timestamptz, started_at timestamptz not null default now(), applied_steps_count integer not null default 0)`
const drizzleLedger = `create schema drizzle; create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint); insert into drizzle.__drizzle_migrations (hash, created_at) values ('0', 1700000000000)`
const hasColumn = (table: string, column: string): string =>
  `select exists (select from pg_attribute where attrelid = 'public.${table}'::regclass and attname = '${column}')`

const prisma: readonly MigrationCase[] = [
  {
    name: 'prisma: add a column',
    app: feedings,
    given: prismaLedger,
    migration: { tool: 'prisma', pending: { '1_note': `ALTER TABLE "feedings" ADD COLUMN "note" TEXT;\n` } },
    promises: hasColumn('feedings', 'note'),
    truth: 'safe',
  },
  {
    name: 'prisma: add a model that refers',
    app: feedings,
    given: prismaLedger,
    migration: {
      tool: 'prisma',
      pending: {
        '1_nap': `CREATE TABLE "Nap" ("id" UUID NOT NULL, "babyId" UUID NOT NULL, CONSTRAINT "Nap_pkey" PRIMARY KEY ("id"));\nALTER TABLE "Nap" ADD CONSTRAINT "Nap_babyId_fkey" FOREIGN KEY ("babyId") REFERENCES "Baby"("id") ON DELETE RESTRICT ON UPDATE CASCADE;\n`,
      },
    },
    newCode: `insert into "Nap" values (gen_random_uuid(), '00000000-0000-4000-8000-000000000001')`,
    truth: 'safe',
  },
  {
    name: 'prisma: rename a field (drop and add)',
    app: feedings,
    given: prismaLedger,
    migration: {
      tool: 'prisma',
      pending: {
        '1_rename': `ALTER TABLE "feedings" DROP COLUMN "amountMl",\nADD COLUMN "amount" INTEGER NOT NULL DEFAULT 0;\n`,
      },
    },
    truth: 'breaking',
  },
  {
    name: 'prisma: change an enum',
    app: feedings,
    given: prismaLedger,
    migration: {
      tool: 'prisma',
      pending: {
        '1_side': `-- AlterEnum\nBEGIN;\nCREATE TYPE "Side_new" AS ENUM ('LEFT', 'BOTTLE');\nALTER TABLE "public"."feedings" ALTER COLUMN "side" DROP DEFAULT;\nALTER TABLE "feedings" ALTER COLUMN "side" TYPE "Side_new" USING ("side"::text::"Side_new");\nALTER TYPE "Side" RENAME TO "Side_old";\nALTER TYPE "Side_new" RENAME TO "Side";\nDROP TYPE "public"."Side_old";\nALTER TABLE "feedings" ALTER COLUMN "side" SET DEFAULT 'BOTTLE';\nCOMMIT;\n`,
      },
    },
    oldCode: [{ sql: `select 'RIGHT'::"Side" as side` }],
    truth: 'breaking',
  },
  {
    name: 'prisma: fails half way',
    app: feedings,
    given: prismaLedger,
    migration: {
      tool: 'prisma',
      pending: {
        '1_fine': `ALTER TABLE "feedings" ADD COLUMN "note" TEXT;\n`,
        '2_not': `CREATE TABLE "Half" ("id" INTEGER);\nALTER TABLE "feedings" ADD COLUMN "nurse" TEXT NOT NULL;\n`,
      },
    },
    truth: 'fails',
  },
  {
    name: 'prisma: an engine that does nothing and exits 0',
    app: feedings,
    given: prismaLedger,
    migration: {
      tool: 'prisma',
      trick: 'engine does nothing',
      pending: { '1_note': `ALTER TABLE "feedings" ADD COLUMN "note" TEXT;\n` },
    },
    promises: hasColumn('feedings', 'note'),
    truth: 'lies',
  },
]

const drizzle: readonly MigrationCase[] = [
  {
    name: 'drizzle: add a table',
    app: shop,
    given: drizzleLedger,
    migration: {
      tool: 'drizzle',
      pending: {
        '0001_coupons': `CREATE TABLE "coupons" (\n\t"code" text PRIMARY KEY NOT NULL,\n\t"percent" integer NOT NULL\n);\n`,
      },
    },
    promises: `select to_regclass('public.coupons') is not null`,
    truth: 'safe',
  },
  {
    name: 'drizzle: add a column and an index',
    app: shop,
    given: drizzleLedger,
    migration: {
      tool: 'drizzle',
      pending: {
        '0001_gift': `ALTER TABLE "orders" ADD COLUMN "gift" boolean DEFAULT false NOT NULL;--> statement-breakpoint\nCREATE INDEX "orders_gift" ON "orders" USING btree ("gift");`,
      },
    },
    promises: hasColumn('orders', 'gift'),
    truth: 'safe',
  },
  {
    name: 'drizzle: rename a column',
    app: shop,
    given: drizzleLedger,
    migration: {
      tool: 'drizzle',
      pending: { '0001_rename': `ALTER TABLE "orders" RENAME COLUMN "note" TO "remark";` },
    },
    truth: 'breaking',
  },
  {
    name: 'drizzle: set a data type',
    app: shop,
    given: drizzleLedger,
    migration: {
      tool: 'drizzle',
      pending: { '0001_type': `ALTER TABLE "orders" ALTER COLUMN "total" SET DATA TYPE numeric(12, 2);` },
    },
    truth: 'fails',
  },
  {
    name: 'drizzle: a type that drivers read otherwise',
    app: feedings,
    given: drizzleLedger,
    migration: {
      tool: 'drizzle',
      pending: { '0001_type': `ALTER TABLE "feedings" ALTER COLUMN "amountMl" SET DATA TYPE numeric(12, 2);` },
    },
    truth: 'breaking',
  },
  {
    name: 'drizzle: fails half way',
    app: shop,
    given: drizzleLedger,
    migration: {
      tool: 'drizzle',
      pending: {
        '0001_fine': `ALTER TABLE "orders" ADD COLUMN "gift" boolean;`,
        '0002_not': `ALTER TABLE "orders" DROP COLUMN "coupon";--> statement-breakpoint\nALTER TABLE "orders" ADD COLUMN "warehouse" text NOT NULL;`,
      },
    },
    truth: 'fails',
  },
  {
    name: 'drizzle: older than the last one, passed over',
    app: shop,
    given: drizzleLedger,
    migration: {
      tool: 'drizzle',
      trick: 'older than the last one',
      pending: { '0001_gift': `ALTER TABLE "orders" ADD COLUMN "gift" boolean;` },
    },
    promises: hasColumn('orders', 'gift'),
    truth: 'lies',
  },
]

const up = (sql: string): string => `-- Up Migration\n${sql}\n\n-- Down Migration\n`
const nodePgMigrate: readonly MigrationCase[] = [
  {
    name: 'node-pg-migrate: add a column',
    app: queue,
    migration: {
      tool: 'node-pg-migrate',
      pending: { '1780000000001_note.sql': up(`alter table jobs add column note text;`) },
    },
    promises: hasColumn('jobs', 'note'),
    truth: 'safe',
  },
  {
    name: 'node-pg-migrate: an index without a transaction',
    app: queue,
    migration: {
      tool: 'node-pg-migrate',
      pending: {
        '1780000000001_index.js': `export const up = pgm => { pgm.noTransaction(); pgm.createIndex('jobs', 'kind', { concurrently: true }) }\n`,
      },
    },
    promises: `select to_regclass('public.jobs_kind_index') is not null`,
    truth: 'safe',
  },
  {
    name: 'node-pg-migrate: drop a column',
    app: queue,
    migration: {
      tool: 'node-pg-migrate',
      pending: { '1780000000001_drop.js': `export const up = pgm => { pgm.dropColumns('jobs', ['attempts']) }\n` },
    },
    truth: 'breaking',
  },
  {
    name: 'node-pg-migrate: change rows',
    app: queue,
    migration: {
      tool: 'node-pg-migrate',
      pending: { '1780000000001_mode.sql': up(`update settings set value = 'turbo' where name = 'mode';`) },
    },
    truth: 'breaking',
  },
  {
    name: 'node-pg-migrate: fails half way',
    app: queue,
    migration: {
      tool: 'node-pg-migrate',
      pending: {
        '1780000000001_fine.js': `export const up = pgm => { pgm.noTransaction(); pgm.addColumns('jobs', { note: 'text' }) }\n`,
        '1780000000002_not.js': `export const up = pgm => { pgm.noTransaction(); pgm.addColumns('jobs', { more: 'text' }); pgm.dropColumns('jobs', ['nonsense']) }\n`,
      },
    },
    truth: 'fails',
  },
  {
    name: 'node-pg-migrate: a folder that it does not see',
    app: queue,
    migration: {
      tool: 'node-pg-migrate',
      trick: 'no folder',
      pending: { '1780000000001_note.sql': up(`alter table jobs add column note text;`) },
    },
    promises: hasColumn('jobs', 'note'),
    truth: 'lies',
  },
]

const knex: readonly MigrationCase[] = [
  {
    name: 'knex: add a table',
    app: shop,
    migration: {
      tool: 'knex',
      pending: {
        '20260101_coupons.cjs': `exports.up = knex => knex.schema.createTable('coupons', table => { table.text('code').primary(); table.integer('percent').notNullable() })\nexports.down = knex => knex.schema.dropTable('coupons')\n`,
      },
    },
    promises: `select to_regclass('public.coupons') is not null`,
    truth: 'safe',
  },
  {
    name: 'knex: add and fill a column',
    app: shop,
    migration: {
      tool: 'knex',
      pending: {
        '20260101_length.cjs': `exports.up = async knex => { await knex.schema.alterTable('products', table => { table.integer('title_length') }); await knex('products').update({ title_length: knex.raw('length(title)') }) }\nexports.down = () => {}\n`,
      },
    },
    promises: hasColumn('products', 'title_length'),
    truth: 'safe',
  },
  {
    name: 'knex: alter a column, which cuts values off',
    app: shop,
    migration: {
      tool: 'knex',
      pending: {
        '20260101_coupon.cjs': `exports.up = knex => knex.schema.alterTable('orders', table => { table.string('coupon', 8).alter() })\nexports.down = () => {}\n`,
      },
    },
    truth: 'breaking',
  },
  {
    name: 'knex: alter a column and forget its default',
    app: shop,
    migration: {
      tool: 'knex',
      pending: {
        '20260101_newsletter.cjs': `exports.up = knex => knex.schema.alterTable('customers', table => { table.boolean('newsletter').nullable().alter() })\nexports.down = () => {}\n`,
      },
    },
    truth: 'breaking',
  },
  {
    name: 'knex: rename a table',
    app: shop,
    migration: {
      tool: 'knex',
      pending: {
        '20260101_rename.cjs': `exports.up = knex => knex.schema.renameTable('shipping_methods', 'delivery_methods')\nexports.down = () => {}\n`,
      },
    },
    truth: 'breaking',
  },
  {
    name: 'knex: fails half way',
    app: shop,
    migration: {
      tool: 'knex',
      pending: {
        '20260101_half.cjs': `exports.config = { transaction: false }\nexports.up = async knex => { await knex.schema.alterTable('orders', table => { table.boolean('gift') }); await knex.raw('alter table orders drop column nonsense') }\nexports.down = () => {}\n`,
      },
    },
    truth: 'fails',
  },
  {
    name: 'knex: a statement that nobody awaits',
    app: shop,
    migration: {
      tool: 'knex',
      pending: {
        '20260101_lost.cjs': `exports.up = async knex => { knex.schema.alterTable('orders', table => { table.boolean('gift') }) }\nexports.down = () => {}\n`,
      },
    },
    promises: hasColumn('orders', 'gift'),
    truth: 'lies',
  },
  {
    name: 'knex: a file of a kind that it passes over',
    app: shop,
    migration: {
      tool: 'knex',
      pending: {
        '20260101_gift.mjs': `export const up = knex => knex.schema.alterTable('orders', table => { table.boolean('gift') })\nexport const down = () => {}\n`,
      },
    },
    promises: hasColumn('orders', 'gift'),
    truth: 'lies',
  },
]

export const tools: readonly MigrationCase[] = [...prisma, ...drizzle, ...nodePgMigrate, ...knex]
