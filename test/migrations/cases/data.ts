import { feedings } from '../apps/feedings.ts'
import { queue } from '../apps/queue.ts'
import { shop } from '../apps/shop.ts'
import type { MigrationCase } from '../case.ts'

export const data: readonly MigrationCase[] = [
  {
    name: 'change a setting that old code decides by',
    app: queue,
    migration: `update settings set value = 'turbo' where name = 'mode'`,
    truth: 'breaking',
  },
  {
    name: 'rename a state in all rows',
    app: queue,
    given: `alter table jobs drop constraint jobs_state`,
    migration: `update jobs set state = 'finished' where state = 'done'`,
    truth: 'breaking',
  },
  {
    name: 'change numbers to other units',
    app: feedings,
    migration: `update feedings set "amountMl" = "amountMl" * 10`,
    truth: 'breaking',
  },
  {
    name: 'delete rows of a list',
    app: shop,
    migration: `delete from shipping_methods where code = 'courier'`,
    truth: 'breaking',
  },
  {
    name: 'delete rows that nobody asks for',
    app: queue,
    given: `create table sessions (id integer, gone boolean); insert into sessions values (1, true)`,
    migration: `delete from sessions where gone`,
    truth: 'safe',
  },
  {
    name: 'add a row to a list',
    app: shop,
    migration: `insert into shipping_methods values ('drone', 'By drone', true)`,
    truth: 'breaking',
  },
  {
    name: 'add a setting that old code does not know',
    app: queue,
    migration: `insert into settings values ('theme', 'dark')`,
    truth: 'safe',
  },
  { name: 'empty a table', app: queue, migration: `truncate settings`, truth: 'breaking' },
  {
    name: 'empty a table and fill it with the same',
    app: queue,
    migration: `create temporary table kept on commit drop as table settings; truncate settings; insert into settings table kept`,
    truth: 'safe',
  },
  {
    name: 'swap the values of two rows',
    app: queue,
    migration: `update settings set value = (select value from settings s where s.name = case settings.name when 'mode' then 'retries' else 'mode' end)`,
    truth: 'breaking',
  },
  {
    name: 'fill a new column of a table with a trigger that notes the time',
    app: shop,
    migration: `alter table orders add column year integer; update orders set year = extract(year from placed_at)`,
    truth: 'safe',
  },
  {
    name: 'fill a new column and change an old one',
    app: shop,
    migration: `alter table products add column title_de text; update products set title_de = 'Kanne', title = upper(title)`,
    truth: 'breaking',
  },
  { name: 'update rows to what they are', app: queue, migration: `update settings set value = value`, truth: 'safe' },
  {
    name: 'delete and insert again in another order',
    app: shop,
    migration: `create temporary table kept on commit drop as table shipping_methods; delete from shipping_methods; insert into shipping_methods select * from kept order by code desc`,
    truth: 'safe',
  },
  {
    name: 'set a sequence back',
    app: shop,
    migration: `select setval('orders_id_seq', 1)`,
    oldCode: [{ sql: `insert into orders (customer_id) values (1) returning status` }],
    given: `insert into orders (customer_id) select 1 from generate_series(1, 50)`,
    truth: 'breaking',
  },
  {
    name: 'set a sequence to its end',
    app: shop,
    migration: `select setval('orders_id_seq', 2147483647)`,
    truth: 'breaking',
  },
  {
    name: 'set a sequence to where it is',
    app: shop,
    migration: `select setval('orders_id_seq', last_value) from orders_id_seq`,
    truth: 'safe',
  },
  {
    name: 'let a sequence count in other steps',
    app: queue,
    migration: `alter sequence ticket_numbers increment 10`,
    truth: 'safe',
  },
  { name: 'end a sequence', app: queue, migration: `alter sequence ticket_numbers maxvalue 101`, truth: 'breaking' },
  {
    name: 'give a sequence to nobody',
    app: queue,
    migration: `alter sequence jobs_id_seq owned by none`,
    oldCode: [{ sql: `select pg_get_serial_sequence('jobs', 'id') as sequence` }],
    truth: 'breaking',
  },
  {
    name: 'move rows to another partition',
    app: queue,
    migration: `create table events_2027 (like events); with moved as (delete from events_other where at >= '2027-01-01' returning *) insert into events_2027 select * from moved; alter table events attach partition events_2027 for values from ('2027-01-01') to ('2028-01-01')`,
    truth: 'safe',
  },
  {
    name: 'change rows of a partition',
    app: queue,
    migration: `update events_2026_01 set what = 'begun'`,
    truth: 'breaking',
  },
  {
    name: 'remove a large object',
    app: shop,
    given: `select lo_from_bytea(4711, 'picture')`,
    migration: `select lo_unlink(4711)`,
    oldCode: [{ sql: `select length(lo_get(4711)) as bytes` }],
    truth: 'breaking',
  },
  {
    name: 'change a row from within a block',
    app: shop,
    migration: `do $$ begin execute 'up' || 'date shipping_methods set active = false'; end $$`,
    truth: 'breaking',
  },
  { name: 'nothing at all', app: shop, migration: `select 1`, truth: 'safe' },
]
