import { feedings } from '../apps/feedings.ts'
import { queue } from '../apps/queue.ts'
import { shop } from '../apps/shop.ts'
import type { MigrationCase } from '../case.ts'

export const types: readonly MigrationCase[] = [
  {
    name: 'widen integer to bigint, which drivers hand out as text',
    app: feedings,
    migration: `alter table feedings alter column "amountMl" type bigint`,
    truth: 'breaking',
  },
  {
    name: 'widen integer to bigint, unread',
    app: shop,
    given: `alter table products add column views integer not null default 0`,
    migration: `alter table products alter column views type bigint`,
    oldCode: [{ sql: `update products set views = views + 1 where sku = 'A-1'` }],
    truth: 'safe',
  },
  {
    name: 'narrow bigint to integer',
    app: shop,
    given: `create table hits (at bigint)`,
    migration: `alter table hits alter column at type integer`,
    oldCode: [{ sql: `insert into hits values (extract(epoch from now()) * 1000) returning 1 as one` }],
    truth: 'fails',
  },
  {
    name: 'narrow varchar',
    app: shop,
    migration: `alter table orders alter column coupon type varchar(12) using left(coupon, 12)`,
    truth: 'breaking',
  },
  {
    name: 'widen varchar',
    app: shop,
    migration: `alter table orders alter column coupon type varchar(60)`,
    truth: 'safe',
  },
  { name: 'varchar to text', app: shop, migration: `alter table orders alter column coupon type text`, truth: 'safe' },
  {
    name: 'varchar to text while a kept statement reads it',
    app: shop,
    migration: `alter table customers alter column phone type text`,
    oldCode: [{ sql: `select phone from customers where id = $1`, values: [1], prepared: 'phone' }],
    truth: 'breaking',
  },
  {
    name: 'text to a case-insensitive text',
    app: shop,
    given: `create collation nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
    migration: `alter table products alter column sku type text collate nocase`,
    oldCode: [
      {
        sql: `select 1 as one`,
        later: `insert into products (sku, title, price) values ('a-1', 'Small teapot', 1) on conflict do nothing returning title`,
      },
    ],
    truth: 'breaking',
  },
  {
    name: 'timestamp to timestamptz',
    app: feedings,
    migration: `alter table feedings alter column "createdAt" type timestamptz(3)`,
    truth: 'breaking',
  },
  {
    name: 'date to timestamp',
    app: feedings,
    migration: `alter table "Baby" alter column "bornAt" type timestamp`,
    oldCode: [{ sql: `select "bornAt"::text as born from "Baby" where name = 'Mia'` }],
    truth: 'breaking',
  },
  {
    name: 'text to jsonb',
    app: shop,
    migration: `alter table orders alter column note type jsonb using to_jsonb(note)`,
    truth: 'breaking',
  },
  {
    name: 'jsonb to json',
    app: shop,
    migration: `alter table products alter column attributes drop default, alter column attributes type json using attributes::json`,
    oldCode: [{ sql: `select sku from products where attributes @> '{"colour": "blue"}'` }],
    truth: 'breaking',
  },
  {
    name: 'text to an enum',
    app: queue,
    migration: `create type job_state as enum ('waiting', 'running', 'done'); drop index jobs_waiting, jobs_locked_by; alter table jobs drop constraint jobs_state; alter table jobs alter column state drop default, alter column state type job_state using state::job_state, alter column state set default 'waiting'`,
    oldCode: [{ sql: `update jobs set state = lower($1) where id = 1 returning kind`, values: ['DONE'] }],
    truth: 'breaking',
  },
  {
    name: 'an enum to text',
    app: feedings,
    migration: `alter table feedings alter column side drop default, alter column side type text, alter column side set default 'BOTTLE'`,
    truth: 'breaking',
  },
  {
    name: 'numeric to a coarser one',
    app: shop,
    given: `alter table products add column weight numeric(8,3)`,
    migration: `alter table products alter column weight type numeric(8,1)`,
    oldCode: [
      {
        sql: `insert into products (sku, title, price, weight) values (md5(random()::text), 'Cup', 1, 1.234) returning weight`,
      },
    ],
    truth: 'breaking',
  },
  {
    name: 'smallint to integer, unread by a kept statement',
    app: queue,
    migration: `alter table jobs alter column priority type bigint`,
    truth: 'safe',
  },
  {
    name: 'smallint to integer in a kept statement',
    app: queue,
    migration: `alter table jobs alter column attempts type integer`,
    truth: 'breaking',
  },
  {
    name: 'add a label to an enum',
    app: feedings,
    migration: `alter type "Side" add value 'BOTH'`,
    oneByOne: true,
    truth: 'safe',
  },
  {
    name: 'add a label to an enum, and new code writes it',
    app: feedings,
    migration: `alter type "Side" add value 'BOTH'`,
    oneByOne: true,
    newCode: `update feedings set side = 'BOTH' where id = '00000000-0000-4000-8000-000000000012'`,
    truth: 'breaking',
  },
  {
    name: 'rename a label of an enum',
    app: shop,
    migration: `alter type order_status rename value 'paid' to 'settled'`,
    truth: 'breaking',
  },
  {
    name: 'replace an enum by one with fewer labels',
    app: feedings,
    migration: `create type "SideNew" as enum ('LEFT', 'BOTTLE'); alter table feedings alter column side drop default, alter column side type "SideNew" using side::text::"SideNew", alter column side set default 'BOTTLE'; drop type "Side"; alter type "SideNew" rename to "Side"`,
    oldCode: [{ sql: `select 'RIGHT'::"Side" as side` }],
    truth: 'breaking',
  },
  { name: 'rename an enum', app: feedings, migration: `alter type "Side" rename to side`, truth: 'breaking' },
  { name: 'add an enum', app: shop, migration: `create type parcel_state as enum ('here', 'there')`, truth: 'safe' },
  {
    name: 'tighten a domain',
    app: shop,
    migration: `alter domain cents add constraint affordable check (value < 5000)`,
    oldCode: [
      {
        sql: `select 1 as one`,
        later: `insert into products (sku, title, price) values (md5(random()::text), 'Samovar', 12000) returning title`,
      },
    ],
    truth: 'breaking',
  },
  { name: 'loosen a domain', app: shop, migration: `alter domain cents drop constraint cents_check`, truth: 'safe' },
  {
    name: 'add a field to a composite type',
    app: shop,
    given: `create type address as (street text, city text); alter table customers add column home address`,
    migration: `alter type address add attribute country text`,
    oldCode: [{ sql: `update customers set home = row('Ring 1', 'Bonn')::address where id = 1` }],
    truth: 'breaking',
  },
  {
    name: 'replace a primary key of integers by UUIDs',
    app: shop,
    migration: `alter table order_archive drop constraint order_archive_pkey; alter table order_archive rename column id to old_id; alter table order_archive add column id uuid primary key default gen_random_uuid()`,
    oldCode: [
      { sql: `insert into order_archive (id, customer_id, total) values ((random() * 1000000000)::integer, 1, 1)` },
    ],
    truth: 'breaking',
  },
  {
    name: 'an implicit cast',
    app: shop,
    migration: `create cast (integer as text) with inout as implicit`,
    oldCode: [{ sql: `select coalesce(max(id), 0)::text as newest from order_archive` }],
    truth: 'safe',
  },
]
