import type { App } from '../case.ts'

/** Orders, stock, an archive, a list of shipping methods; a view, a function and a trigger. */
export const shop: App = {
  name: 'shop',
  schema: `
create type order_status as enum ('new', 'paid', 'shipped');
create domain cents as integer check (value >= 0);
create table customers (
  id bigint generated always as identity primary key,
  email text not null unique,
  name text not null,
  phone varchar(30),
  newsletter boolean not null default false,
  created_at timestamptz not null default now()
);
create table products (
  id bigint generated always as identity primary key,
  sku text not null unique,
  title text not null,
  price cents not null,
  stock integer not null default 0,
  attributes jsonb not null default '{}',
  discontinued_at timestamptz
);
create table orders (
  id serial primary key,
  customer_id bigint not null references customers (id),
  status order_status not null default 'new',
  total integer not null default 0,
  note text,
  coupon varchar(20),
  placed_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create table order_items (
  order_id integer not null references orders (id) on delete cascade,
  product_id bigint not null references products (id),
  quantity integer not null constraint order_items_quantity check (quantity > 0),
  unit_price integer not null,
  primary key (order_id, product_id)
);
create table order_archive (id integer primary key, customer_id bigint, total integer, archived_at timestamptz not null default now());
create table shipping_methods (code text primary key, label text not null, active boolean not null default true);
create index orders_customer on orders (customer_id);
create index orders_placed on orders (placed_at);
create view open_orders as select id, customer_id, total from orders where status <> 'shipped';
create function order_total(wanted integer) returns bigint language sql stable as
  $$ select coalesce(sum(quantity * unit_price), 0) from order_items where order_id = wanted $$;
create function touch() returns trigger language plpgsql as $$ begin new.updated_at = now(); return new; end $$;
create trigger orders_touch before update on orders for each row execute function touch();

insert into customers (email, name, phone) values ('ada@example.org', 'Ada', '+49 30 1234567'), ('bob@example.org', 'Bob', null);
insert into products (sku, title, price, stock, attributes) values
  ('A-1', 'Teapot', 1900, 1000, '{"colour": "red"}'), ('B-2', 'Kettle', 4500, 1000, '{"colour": "blue"}');
insert into orders (customer_id, status, total, note, coupon) values (1, 'paid', 1900, 'ring twice', 'SPRING'), (2, 'new', 4500, null, null);
insert into order_items values (1, 1, 1, 1900), (2, 2, 1, 4500);
insert into order_archive (id, customer_id, total) values (900, 1, 100);
insert into shipping_methods values ('post', 'By post', true), ('courier', 'By courier', true), ('pigeon', 'By pigeon', false);
`,
  calls: [
    {
      sql: `insert into customers (email, name) values (md5(random()::text) || '@example.org', 'Cleo') returning name, phone, newsletter`,
    },
    {
      sql: `insert into customers (email, name) values ($1, $2) on conflict (email) do update set name = excluded.name returning id, name`,
      values: ['ada@example.org', 'Ada'],
      prepared: 'upsert_customer',
    },
    {
      sql: `select id, email, name, phone from customers where email = $1`,
      values: ['ada@example.org'],
      prepared: 'customer',
    },
    {
      sql: `select id, sku, title, price, stock > 0 as available from products where discontinued_at is null order by id`,
    },
    { sql: `select sku from products where attributes->>'colour' = $1`, values: ['red'] },
    {
      sql: `insert into orders (customer_id, total, note, coupon) values ($1, $2, $3, $4) returning status, total, note, coupon`,
      values: [1, 1900, 'leave it with the neighbours, please', 'A-COUPON-OF-TWENTY-1'],
    },
    {
      sql: `insert into order_items (order_id, product_id, quantity, unit_price) select max(o.id), 1, 2, 1900 from orders o`,
    },
    { sql: `select order_total(id) as due from orders where total = 4500 order by id limit 1` },
    {
      sql: `update orders set status = 'paid' where id = (select max(o.id) from orders o) returning status, updated_at >= placed_at as touched`,
    },
    { sql: `update products set stock = stock - 1 where sku = 'A-1' and stock > 0 returning price` },
    {
      sql: `select o.id, o.status, o.total, c.name, o.customer_id from orders o join customers c on c.id = o.customer_id where o.id in (1, 2) order by o.id`,
    },
    { sql: `select id, customer_id, total from open_orders where id in (1, 2) order by id` },
    { sql: `delete from orders where id = (select max(o.id) from orders o)` },
    { sql: `select code, label from shipping_methods where active order by code` },
  ],
}
