import type { App } from '../case.ts'

/** As Prisma and its like write it: UUIDs, quoted names, every column named. */
export const feedings: App = {
  name: 'feedings',
  schema: `
create type "Side" as enum ('LEFT', 'RIGHT', 'BOTTLE');
create table "Baby" (id uuid primary key, name text not null, "bornAt" date, "weightGrams" integer);
create table feedings (
  id uuid primary key,
  "babyId" uuid not null references "Baby" (id) on update cascade on delete restrict,
  "amountMl" integer not null,
  side "Side" not null default 'BOTTLE',
  "createdAt" timestamp(3) not null default current_timestamp
);
create index "feedings_babyId_idx" on feedings ("babyId");
insert into "Baby" values ('00000000-0000-4000-8000-000000000001', 'Mia', '2026-01-05', 3400);
insert into feedings (id, "babyId", "amountMl", "createdAt") values
  ('00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000001', 90, '2026-02-01 08:00'),
  ('00000000-0000-4000-8000-000000000012', '00000000-0000-4000-8000-000000000001', 120, '2026-02-01 11:00');
`,
  calls: [
    {
      sql: `select "public"."Baby"."id", "public"."Baby"."name", "public"."Baby"."bornAt" from "public"."Baby" where id = $1`,
      values: ['00000000-0000-4000-8000-000000000001'],
    },
    {
      sql: `insert into "public"."feedings" ("id", "babyId", "amountMl", "side", "createdAt") values (gen_random_uuid(), $1, $2, $3::"Side", $4) returning "amountMl", "side"`,
      values: ['00000000-0000-4000-8000-000000000001', 60, 'LEFT', '2026-02-02 09:00'],
    },
    {
      sql: `select "id", "amountMl", "side", "createdAt" from "public"."feedings" where "createdAt" < $1 order by "createdAt"`,
      values: ['2026-02-02'],
      prepared: 'feedings_of_day',
    },
    {
      sql: `update "public"."feedings" set "amountMl" = $1 where "id" = $2 returning "amountMl"`,
      values: [90, '00000000-0000-4000-8000-000000000011'],
    },
    {
      sql: `select b.name, sum(f."amountMl")::int as total from "Baby" b join feedings f on f."babyId" = b.id where f."createdAt" < '2026-02-02' group by b.name`,
    },
    { sql: `delete from "public"."feedings" where "createdAt" >= '2026-02-02'` },
  ],
}
