import { queue } from '../apps/queue.ts'
import { shop } from '../apps/shop.ts'
import type { MigrationCase } from '../case.ts'

export const indexes: readonly MigrationCase[] = [
  { name: 'add an index', app: shop, migration: `create index orders_status on orders (status)`, truth: 'safe' },
  {
    name: 'add an index concurrently',
    app: shop,
    migration: `create index concurrently orders_status on orders (status)`,
    oneByOne: true,
    truth: 'safe',
  },
  {
    name: 'add an index concurrently, in a transaction',
    app: shop,
    migration: `create index concurrently orders_status on orders (status)`,
    truth: 'fails',
  },
  {
    name: 'add an index on lower-case mail addresses',
    app: shop,
    migration: `create index customers_lower on customers (lower(email))`,
    truth: 'safe',
  },
  {
    name: 'add an index on words',
    app: shop,
    migration: `create index products_words on products using gin (to_tsvector('english', title))`,
    truth: 'safe',
  },
  {
    name: 'add an index for which old rows are too long',
    app: shop,
    given: `insert into orders (customer_id, note) select 1, string_agg(md5(n::text), '') from generate_series(1, 400) n`,
    migration: `create index orders_note on orders (note)`,
    truth: 'fails',
  },
  {
    name: 'add an index that fails on what old code writes',
    app: shop,
    migration: `create index products_weight on products (((attributes ->> 'weight')::integer))`,
    oldCode: [
      {
        sql: `select 1 as one`,
        later: `insert into products (sku, title, price, attributes) values (md5(random()::text), 'Cup', 1, '{"weight": "heavy"}')`,
      },
    ],
    truth: 'breaking',
  },
  {
    name: 'add a unique index that old code keeps',
    app: shop,
    migration: `create unique index products_title on products (title)`,
    truth: 'safe',
  },
  {
    name: 'add a unique index that old code violates',
    app: shop,
    given: `create table subscribers (email text)`,
    migration: `delete from subscribers; create unique index subscribers_email on subscribers (lower(email))`,
    oldCode: [{ sql: `insert into subscribers values ('ada@example.org')` }],
    truth: 'breaking',
  },
  {
    name: 'add a unique index concurrently over doubles',
    app: shop,
    given: `create table subscribers (email text); insert into subscribers values ('a'), ('a')`,
    migration: `create unique index concurrently subscribers_email on subscribers (email)`,
    oneByOne: true,
    truth: 'fails',
  },
  {
    name: 'add a unique index on a new column',
    app: shop,
    migration: `alter table customers add column username text; create unique index customers_username on customers (username)`,
    truth: 'safe',
  },
  {
    name: 'add a unique index on a new column where nulls are equal',
    app: shop,
    given: `create table members (name text)`,
    migration: `delete from members; alter table members add column username text; create unique index members_username on members (username) nulls not distinct`,
    oldCode: [{ sql: `insert into members values ('x')` }],
    truth: 'breaking',
  },
  { name: 'drop an index', app: shop, migration: `drop index orders_placed`, truth: 'safe' },
  {
    name: 'drop a unique index that on conflict needs',
    app: queue,
    given: `create table seen (message text, at timestamptz default now()); create unique index seen_message on seen (message)`,
    migration: `drop index seen_message; create index seen_message on seen (message)`,
    oldCode: [{ sql: `insert into seen values ('a') on conflict (message) do nothing` }],
    truth: 'breaking',
  },
  {
    name: 'rename an index',
    app: shop,
    migration: `alter index orders_placed rename to orders_placed_at_idx`,
    truth: 'safe',
  },
  {
    name: 'rename a constraint that on conflict names',
    app: shop,
    migration: `alter table customers rename constraint customers_email_key to customers_email_unique`,
    oldCode: [
      {
        sql: `insert into customers (email, name) values ('ada@example.org', 'Ada') on conflict on constraint customers_email_key do nothing`,
      },
    ],
    truth: 'breaking',
  },
]
