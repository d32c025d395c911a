import { feedings } from '../apps/feedings.ts'
import { queue } from '../apps/queue.ts'
import { shop } from '../apps/shop.ts'
import type { MigrationCase } from '../case.ts'

export const failing: readonly MigrationCase[] = [
  {
    name: 'a required column in a table with rows',
    app: shop,
    migration: `alter table orders add column warehouse text not null`,
    truth: 'fails',
  },
  {
    name: 'not null over nulls',
    app: shop,
    migration: `alter table orders alter column note set not null`,
    truth: 'fails',
  },
  {
    name: 'unique over doubles',
    app: shop,
    given: `insert into orders (customer_id, note) values (1, 'twice'), (1, 'twice')`,
    migration: `alter table orders add unique (note)`,
    truth: 'fails',
  },
  {
    name: 'a foreign key over orphans',
    app: shop,
    given: `insert into order_archive (id, customer_id) values (1, 4711)`,
    migration: `alter table order_archive add foreign key (customer_id) references customers (id)`,
    truth: 'fails',
  },
  {
    name: 'an enum label that is used at once',
    app: feedings,
    migration: `alter type "Side" add value 'BOTH'; update feedings set side = 'BOTH'`,
    truth: 'fails',
  },
  {
    name: 'half way, in one transaction',
    app: shop,
    migration: `alter table orders add column gift boolean; alter table orders drop column coupon; select 1 / 0`,
    truth: 'fails',
  },
  {
    name: 'half way, each on its own',
    app: shop,
    migration: `alter table orders add column gift boolean;\nalter table orders drop column nonsense`,
    oneByOne: true,
    truth: 'fails',
  },
  { name: 'drop what a view needs', app: shop, migration: `alter table orders drop column total`, truth: 'fails' },
  {
    name: 'a partition over rows of the one for all others',
    app: queue,
    migration: `create table events_2027 partition of events for values from ('2027-01-01') to ('2028-01-01')`,
    truth: 'fails',
  },
  {
    name: 'text to integer',
    app: shop,
    migration: `alter table orders alter column note type integer using note::integer`,
    truth: 'fails',
  },
  {
    name: 'an edit in the wrong syntax',
    app: shop,
    migration: `alter table orders ad column gift boolean`,
    truth: 'fails',
  },
  {
    name: 'a claim kept by nobody',
    app: shop,
    migration: `create table if not exists orders (id integer, gift boolean)`,
    promises: `select exists (select from pg_attribute where attrelid = 'public.orders'::regclass and attname = 'gift')`,
    truth: 'lies',
  },
  {
    name: 'an error that is swallowed',
    app: shop,
    migration: `do $$ begin alter table orders add column gift boolean not null; exception when others then null; end $$`,
    promises: `select exists (select from pg_attribute where attrelid = 'public.orders'::regclass and attname = 'gift')`,
    truth: 'lies',
  },
]
