import { feedings } from '../apps/feedings.ts'
import { queue } from '../apps/queue.ts'
import { shop } from '../apps/shop.ts'
import type { MigrationCase } from '../case.ts'

const readAll = { sql: 'select * from shipping_methods order by code' }
const carriers = { shop, given: `create table carriers (code text primary key, label text not null)` }

export const columns: readonly MigrationCase[] = [
  { name: 'add a nullable column', app: shop, migration: `alter table orders add column gift boolean`, truth: 'safe' },
  {
    name: 'add a column with a constant default',
    app: shop,
    migration: `alter table orders add column channel text not null default 'web'`,
    truth: 'safe',
  },
  {
    name: 'add a column with a default of its own for each row',
    app: shop,
    migration: `alter table orders add column token uuid not null default gen_random_uuid()`,
    truth: 'safe',
  },
  {
    name: 'add a serial column',
    app: shop,
    migration: `alter table orders add column position serial`,
    truth: 'safe',
  },
  {
    name: 'add a required column without a default',
    app: shop,
    given: `delete from order_items; delete from orders where id > 0; insert into orders (customer_id, total) select 1, 4500 where false`,
    migration: `truncate orders cascade; alter table orders add column warehouse text not null`,
    truth: 'breaking',
  },
  {
    name: 'add a required column, filled, then its default dropped',
    app: feedings,
    migration: `alter table feedings add column unit text not null default 'ml'; alter table feedings alter column unit drop default`,
    truth: 'breaking',
  },
  {
    name: 'add a column and fill it',
    app: feedings,
    migration: `alter table feedings add column "amountOz" numeric; update feedings set "amountOz" = round("amountMl" / 29.57, 1)`,
    truth: 'safe',
  },
  {
    name: 'add a column while a kept statement reads *',
    app: shop,
    migration: `alter table shipping_methods add column price integer`,
    oldCode: [{ ...readAll, prepared: 'methods' }],
    truth: 'breaking',
  },
  {
    name: 'add a column read by * and name',
    app: shop,
    migration: `alter table shipping_methods add column price integer`,
    oldCode: [readAll],
    truth: 'safe',
  },
  {
    name: 'add a column read by * and place',
    app: shop,
    migration: `alter table shipping_methods add column price integer`,
    oldCode: [{ ...readAll, read: 'places' }],
    truth: 'safe',
  },
  {
    name: 'add a column to a table that is copied with insert … select *',
    app: shop,
    given: `create table methods_of_last_year (code text, label text, active boolean)`,
    migration: `alter table shipping_methods add column price integer`,
    oldCode: [{ sql: 'insert into methods_of_last_year select * from shipping_methods' }],
    truth: 'breaking',
  },
  {
    name: 'add a column of a name that a join uses without its table',
    app: shop,
    migration: `alter table customers add column note text`,
    oldCode: [{ sql: `select note from orders o join customers c on c.id = o.customer_id where o.id = 1` }],
    truth: 'breaking',
  },
  {
    name: 'add a column to a table that is loaded by copy without a list',
    app: shop,
    migration: `alter table shipping_methods add column price integer`,
    oldCode: [{ sql: `copy shipping_methods from program 'echo drone_$RANDOM$$,By drone,false' with (format csv)` }],
    truth: 'breaking',
  },
  {
    name: 'add a column to a table that is loaded by copy with a list',
    app: shop,
    migration: `alter table shipping_methods add column price integer`,
    oldCode: [
      {
        sql: `copy shipping_methods (code, label, active) from program 'echo drone_$RANDOM$$,By drone,false' with (format csv)`,
      },
    ],
    truth: 'safe',
  },
  {
    name: 'add a column to a table that an audit trigger copies row by row',
    app: shop,
    given: `create table orders_log as select * from orders where false;
      create function log_order() returns trigger language plpgsql as $$ begin insert into orders_log select old.*; return new; end $$;
      create trigger orders_log after update on orders for each row execute function log_order()`,
    migration: `alter table orders add column gift boolean`,
    truth: 'breaking',
  },
  {
    name: 'add a column to a table whose rows a function returns',
    app: shop,
    given: `create function order_of(wanted integer) returns setof orders language sql stable as
      $$ select id, customer_id, status, total, note, coupon, placed_at, updated_at from orders where id = wanted $$`,
    migration: `alter table orders add column gift boolean`,
    oldCode: [{ sql: `select id, total from order_of(1)` }],
    truth: 'breaking',
  },
  {
    name: 'add a generated column that always has a value',
    app: shop,
    migration: `alter table customers add column email_lower text generated always as (lower(email)) stored`,
    truth: 'safe',
  },
  {
    name: 'add a generated column that fails on what old code writes',
    app: queue,
    migration: `alter table jobs add column order_number integer generated always as ((payload ->> 'order')::integer) stored`,
    oldCode: [{ sql: `insert into jobs (kind, payload, state) values ('invoice', '{"order": "A-18"}', 'done')` }],
    truth: 'fails',
  },
  {
    name: 'add a generated column that fails on what old code writes later',
    app: shop,
    migration: `alter table products add column weight integer generated always as ((attributes ->> 'weight')::integer) stored`,
    oldCode: [
      {
        sql: `insert into products (sku, title, price, attributes) values (md5(random()::text), 'Cup', 1, '{"weight": "2"}')`,
        later: `insert into products (sku, title, price, attributes) values (md5(random()::text), 'Cup', 1, '{"weight": "heavy"}')`,
      },
    ],
    truth: 'breaking',
  },
  {
    name: 'add a generated column that must have a value',
    app: shop,
    given: `alter table products add column subtitle text; update products set subtitle = 'fine'`,
    migration: `alter table products add column full_title text generated always as (title || ' ' || subtitle) stored not null`,
    oldCode: [
      {
        sql: `insert into products (sku, title, price, subtitle) values (md5(random()::text), 'Cup', 1, 'blue')`,
        later: `insert into products (sku, title, price) values (md5(random()::text), 'Cup', 1)`,
      },
    ],
    truth: 'breaking',
  },
  {
    name: 'drop a column that is used',
    app: shop,
    migration: `alter table orders drop column note`,
    truth: 'breaking',
  },
  {
    name: 'drop a column that nobody uses',
    app: shop,
    given: `alter table orders add column legacy_id integer`,
    migration: `alter table orders drop column legacy_id`,
    truth: 'safe',
  },
  {
    name: 'drop and add a column again, empty',
    app: feedings,
    migration: `alter table "Baby" drop column "weightGrams"; alter table "Baby" add column "weightGrams" integer`,
    oldCode: [{ sql: `select "weightGrams" from "Baby" where "weightGrams" is not null` }],
    truth: 'breaking',
  },
  {
    name: 'move a column to the end',
    app: shop,
    migration: `alter table shipping_methods add column label_too text; update shipping_methods set label_too = label;
      alter table shipping_methods drop column label; alter table shipping_methods rename column label_too to label;
      alter table shipping_methods alter column label set not null`,
    oldCode: [{ ...readAll, read: 'places' }],
    truth: 'breaking',
  },
  {
    name: 'rename a column',
    app: feedings,
    migration: `alter table feedings rename column "amountMl" to amount_ml`,
    truth: 'breaking',
  },
  {
    name: 'rename a column, with a generated one under the old name',
    app: feedings,
    migration: `alter table feedings rename column "amountMl" to amount_ml;
      alter table feedings add column "amountMl" integer generated always as (amount_ml) stored`,
    truth: 'breaking',
  },
  {
    name: 'swap the names of two columns',
    app: shop,
    migration: `alter table orders rename column note to x; alter table orders rename column coupon to note; alter table orders rename column x to coupon`,
    truth: 'breaking',
  },
  {
    name: 'swap the meaning of two columns of the same type',
    app: shop,
    given: `alter table products add column net integer not null default 100, add column gross integer not null default 119`,
    migration: `alter table products rename column net to x; alter table products rename column gross to net; alter table products rename column x to gross`,
    oldCode: [{ sql: `select net, gross from products where sku = 'A-1'` }],
    truth: 'breaking',
  },
  {
    name: 'set a column not null that old code leaves out',
    app: shop,
    migration: `update orders set note = '' where note is null; alter table orders alter column note set not null`,
    oldCode: [{ sql: `insert into orders (customer_id) values (1) returning note` }],
    truth: 'breaking',
  },
  {
    name: 'set a column not null that old code always fills',
    app: shop,
    given: `alter table customers alter column email drop not null`,
    migration: `alter table customers alter column email set not null`,
    truth: 'safe',
  },
  {
    name: 'let a column be null',
    app: feedings,
    migration: `alter table feedings alter column "amountMl" drop not null`,
    truth: 'safe',
  },
  {
    name: 'let a column be null, and new code writes nulls',
    app: feedings,
    migration: `alter table feedings alter column "amountMl" drop not null`,
    newCode: `update feedings set "amountMl" = null where id = '00000000-0000-4000-8000-000000000012'`,
    oldCode: [
      {
        sql: `select 100 / count("amountMl") filter (where id = '00000000-0000-4000-8000-000000000012') as share from feedings`,
      },
    ],
    truth: 'breaking',
  },
  {
    name: 'drop a default that old code relies on',
    app: shop,
    migration: `alter table orders alter column status drop default`,
    truth: 'breaking',
  },
  {
    name: 'change a default',
    app: shop,
    migration: `alter table orders alter column status set default 'paid'`,
    truth: 'breaking',
  },
  {
    name: 'give a column a default that had none, which old code leaves out',
    app: shop,
    migration: `alter table orders alter column coupon set default 'WELCOME'`,
    oldCode: [{ sql: `insert into orders (customer_id) values (1) returning coupon` }],
    truth: 'breaking',
  },
  {
    name: 'give a required column a default',
    app: shop,
    migration: `alter table orders alter column customer_id set default 1`,
    truth: 'safe',
  },
  {
    name: 'make an identity column strict',
    app: shop,
    given: `create table notes (id integer generated by default as identity primary key, body text)`,
    migration: `alter table notes alter column id set generated always`,
    oldCode: [{ sql: `insert into notes (id, body) values ((random() * 1000000000)::integer, 'x')` }],
    truth: 'breaking',
  },
  {
    name: 'limit the numbers of an identity column',
    app: shop,
    migration: `alter table customers alter column id set maxvalue 5`,
    truth: 'breaking',
  },
  {
    name: 'move an id from serial to identity',
    app: shop,
    migration: `alter table orders alter column id drop default; drop sequence orders_id_seq;
      alter table orders alter column id add generated always as identity (start with 100)`,
    oldCode: [{ sql: `insert into orders (id, customer_id) values (nextval('orders_id_seq'), 1)` }],
    truth: 'breaking',
  },
  {
    name: 'sort a column by other rules',
    app: shop,
    migration: `alter table shipping_methods alter column label type text collate "C"`,
    given: `update shipping_methods set label = case code when 'post' then 'a' when 'courier' then 'B' else label end; alter table shipping_methods alter column label type text collate "und-x-icu"`,
    oldCode: [{ sql: `select label from shipping_methods where active order by label` }],
    truth: 'breaking',
  },
  {
    name: 'add a column to a table that is new to everybody',
    app: shop,
    given: carriers.given,
    migration: `alter table carriers add column url text`,
    truth: 'safe',
  },
]
