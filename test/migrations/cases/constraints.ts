import { feedings } from '../apps/feedings.ts'
import { queue } from '../apps/queue.ts'
import { shop } from '../apps/shop.ts'
import type { MigrationCase } from '../case.ts'

const doras = `insert into customers (email, name) select n || '@dora.example.org', 'Dora' from generate_series(1, 5) n`
const deleteDora = { sql: `delete from customers where id = (select min(id) from customers where name = 'Dora')` }

export const constraints: readonly MigrationCase[] = [
  {
    name: 'add a check that old code keeps',
    app: shop,
    migration: `alter table products add constraint stock_positive check (stock >= 0)`,
    truth: 'safe',
  },
  {
    name: 'add a check that old code violates',
    app: queue,
    migration: `alter table jobs add constraint addressed check (payload ? 'to' or id <= 2)`,
    oldCode: [
      { sql: `select 1 as one`, later: `insert into jobs (kind, state) values ('report', 'done') returning kind` },
    ],
    truth: 'breaking',
  },
  {
    name: 'add a check that is not validated',
    app: shop,
    migration: `alter table customers add constraint phone_given check (phone is not null) not valid`,
    truth: 'breaking',
  },
  {
    name: 'validate a check',
    app: shop,
    given: `alter table products add constraint stock_positive check (stock >= 0) not valid`,
    migration: `alter table products validate constraint stock_positive`,
    truth: 'safe',
  },
  {
    name: 'tighten a check',
    app: shop,
    migration: `alter table order_items drop constraint order_items_quantity, add constraint order_items_quantity check (quantity = 1) not valid`,
    truth: 'breaking',
  },
  {
    name: 'loosen a check',
    app: shop,
    migration: `alter table order_items drop constraint order_items_quantity, add constraint order_items_quantity check (quantity >= 0)`,
    truth: 'safe',
  },
  {
    name: 'allow one more state',
    app: queue,
    migration: `alter table jobs drop constraint jobs_state, add constraint jobs_state check (state in ('waiting', 'running', 'done', 'failed'))`,
    newCode: `update jobs set state = 'failed' where id = 2`,
    truth: 'breaking',
  },
  { name: 'drop a check', app: queue, migration: `alter table jobs drop constraint jobs_state`, truth: 'safe' },
  {
    name: 'add a check on new columns alone',
    app: shop,
    migration: `alter table customers add column vat_id text, add constraint vat_id_form check (vat_id ~ '^[A-Z]{2}')`,
    truth: 'safe',
  },
  {
    name: 'add a new column that a check demands',
    app: shop,
    migration: `alter table customers add column country text; update customers set country = 'DE'; alter table customers add constraint country_given check (country is not null)`,
    truth: 'breaking',
  },
  {
    name: 'add a unique constraint that old code keeps',
    app: shop,
    migration: `alter table shipping_methods add constraint one_label unique (label)`,
    truth: 'safe',
  },
  {
    name: 'add a unique constraint that old code violates',
    app: shop,
    given: `delete from order_archive`,
    migration: `alter table order_archive add constraint one_of_each unique (customer_id, total)`,
    oldCode: [
      {
        sql: `insert into order_archive (id, customer_id, total) values ((random() * 1000000000)::integer, 1, (random() * 1000000000)::integer)`,
        later: `insert into order_archive (id, customer_id, total) values ((random() * 1000000000)::integer, 1, 700), ((random() * 1000000000)::integer, 1, 700)`,
      },
    ],
    truth: 'breaking',
  },
  {
    name: 'add a unique column that old code leaves null',
    app: shop,
    migration: `alter table customers add column username text unique`,
    truth: 'safe',
  },
  {
    name: 'add a unique column with a default',
    app: shop,
    given: `create table tags (name text primary key); insert into tags values ('a'), ('b')`,
    migration: `alter table tags add column slug text unique default 'none'`,
    truth: 'fails',
  },
  {
    name: 'add a unique column with a default to an empty table',
    app: shop,
    given: `create table tags (name text primary key)`,
    migration: `delete from tags; alter table tags add column slug text unique default 'none'`,
    oldCode: [{ sql: `insert into tags values (md5(random()::text))` }],
    truth: 'breaking',
  },
  {
    name: 'drop a unique constraint that on conflict names',
    app: shop,
    migration: `alter table customers drop constraint customers_email_key`,
    truth: 'breaking',
  },
  {
    name: 'replace a unique constraint by a partial index',
    app: shop,
    migration: `alter table customers drop constraint customers_email_key; create unique index customers_email on customers (email) where not newsletter`,
    truth: 'breaking',
  },
  {
    name: 'replace a unique constraint by a deferrable one',
    app: shop,
    migration: `alter table customers drop constraint customers_email_key, add constraint customers_email_key unique (email) deferrable initially deferred`,
    truth: 'breaking',
  },
  {
    name: 'add a foreign key that old code keeps',
    app: shop,
    migration: `alter table order_archive add constraint archive_customer foreign key (customer_id) references customers (id)`,
    truth: 'safe',
  },
  {
    name: 'add a foreign key that old code violates',
    app: shop,
    migration: `alter table order_archive add constraint archive_customer foreign key (customer_id) references customers (id) not valid`,
    oldCode: [{ sql: `insert into order_archive (id, customer_id) values ((random() * 1000000000)::integer, 4711)` }],
    truth: 'breaking',
  },
  {
    name: 'add a column that refers, and goes with what it refers to',
    app: shop,
    migration: `alter table orders add column recommended_by bigint references customers (id) on delete set null`,
    newCode: `update orders set recommended_by = 2 where id = 1`,
    truth: 'safe',
  },
  {
    name: 'add a table that refers to rows which old code deletes',
    app: shop,
    migration: `create table wishes (customer_id bigint not null references customers (id), product_id bigint not null references products (id), primary key (customer_id, product_id))`,
    newCode: `insert into wishes select id, 1 from customers where name = 'Dora'`,
    given: doras,
    oldCode: [deleteDora],
    truth: 'breaking',
  },
  {
    name: 'add a table that goes with the rows it refers to',
    app: shop,
    migration: `create table wishes (customer_id bigint not null references customers (id) on delete cascade, product_id bigint not null references products (id) on delete cascade, primary key (customer_id, product_id))`,
    newCode: `insert into wishes select id, 1 from customers where name = 'Dora'`,
    given: doras,
    oldCode: [deleteDora],
    truth: 'safe',
  },
  {
    name: 'add a table that refers to rows which nobody deletes',
    app: shop,
    migration: `create table reviews (id bigserial primary key, product_id bigint not null references products (id), stars integer not null)`,
    newCode: `insert into reviews (product_id, stars) values (1, 5)`,
    truth: 'safe',
  },
  {
    name: 'add a table that refers to a key which old code changes',
    app: shop,
    migration: `create table prices (sku text not null references products (sku), price integer not null)`,
    newCode: `insert into prices select sku, 1 from products where id = 2`,
    oldCode: [
      { sql: `update products set sku = case sku when 'B-2' then 'B-2/b' else 'B-2' end where id = 2 returning title` },
    ],
    truth: 'breaking',
  },
  {
    name: 'add a table that refers to one which old code empties',
    app: shop,
    migration: `create table archive_notes (archived integer not null references order_archive (id) on delete cascade, note text)`,
    oldCode: [{ sql: `truncate order_archive` }],
    truth: 'breaking',
  },
  {
    name: 'restrict what went along when it was deleted',
    app: shop,
    migration: `alter table order_items drop constraint order_items_order_id_fkey, add constraint order_items_order_id_fkey foreign key (order_id) references orders (id)`,
    truth: 'breaking',
  },
  {
    name: 'drop a foreign key that cleaned up',
    app: shop,
    migration: `alter table order_items drop constraint order_items_order_id_fkey`,
    oldCode: [
      {
        sql: `select count(*) as orphans from order_items i where not exists (select from orders o where o.id = i.order_id)`,
      },
    ],
    truth: 'breaking',
  },
  {
    name: 'switch off the triggers of a table and forget it',
    app: shop,
    migration: `alter table orders disable trigger all`,
    oldCode: [
      {
        sql: `select count(*) as orphans from order_items i where not exists (select from orders o where o.id = i.order_id)`,
      },
    ],
    truth: 'breaking',
  },
  {
    name: 'switch off a foreign key only',
    app: feedings,
    migration: `alter table "Baby" disable trigger all`,
    oldCode: [
      { sql: `insert into "Baby" values (gen_random_uuid(), 'Tom')` },
      { sql: `do $$ begin update "Baby" set id = gen_random_uuid() where name = 'Tom'; end $$` },
      {
        sql: `update "Baby" set id = case id when '00000000-0000-4000-8000-000000000001' then '00000000-0000-4000-8000-000000000002'::uuid else '00000000-0000-4000-8000-000000000001'::uuid end where name = 'Mia'`,
      },
      { sql: `select count(*) from feedings f join "Baby" b on b.id = f."babyId" where f."createdAt" < '2026-02-02'` },
      { sql: `update "Baby" set id = '00000000-0000-4000-8000-000000000001' where name = 'Mia'` },
    ],
    truth: 'breaking',
  },
  {
    name: 'exclude what overlaps',
    app: shop,
    given: `create extension if not exists btree_gist; create table bookings (room integer, during tstzrange)`,
    migration: `delete from bookings; alter table bookings add constraint no_overlap exclude using gist (room with =, during with &&)`,
    oldCode: [{ sql: `insert into bookings values (1, tstzrange(now() - interval '1 hour', now()))` }],
    truth: 'breaking',
  },
  {
    name: 'drop a primary key',
    app: queue,
    migration: `alter table settings drop constraint settings_pkey`,
    oldCode: [{ sql: `insert into settings values ('retries', '3') on conflict (name) do nothing` }],
    truth: 'breaking',
  },
]
