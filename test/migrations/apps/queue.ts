import type { App } from '../case.ts'

/** Jobs taken with SKIP LOCKED, a channel that wakes workers, a log in partitions, and settings. */
export const queue: App = {
  name: 'queue',
  schema: `
create table jobs (
  id bigserial primary key,
  kind text not null,
  payload jsonb not null default '{}',
  state text not null default 'waiting' constraint jobs_state check (state in ('waiting', 'running', 'done')),
  priority integer not null default 0,
  attempts smallint not null default 0,
  run_at timestamptz not null default now(),
  locked_by text
);
create index jobs_waiting on jobs (priority, run_at) where state = 'waiting';
create unique index jobs_locked_by on jobs (locked_by) where state = 'running';
create function wake() returns trigger language plpgsql as $$ begin perform pg_notify('jobs', new.kind); return new; end $$;
create trigger jobs_wake after insert on jobs for each row execute function wake();
create table events (at date not null, what text not null, job bigint) partition by range (at);
create table events_2026_01 partition of events for values from ('2026-01-01') to ('2026-02-01');
create table events_2026_02 partition of events for values from ('2026-02-01') to ('2026-03-01');
create table events_other partition of events default;
create table settings (name text primary key, value text not null);
create sequence ticket_numbers start 100;
create materialized view job_counts as select kind, count(*)::int as jobs from jobs group by kind;

insert into jobs (kind, payload, state) values ('mail', '{"to": "ada@example.org"}', 'done'), ('invoice', '{"order": "1"}', 'done');
insert into events values ('2026-01-10', 'started', 1), ('2026-02-10', 'ended', 1);
insert into settings values ('retries', '3'), ('mode', 'normal');
refresh materialized view job_counts;
`,
  calls: [
    {
      sql: `insert into jobs (kind, payload) values ('mail', '{"to": "bob@example.org"}') returning state, attempts, locked_by`,
      hears: 'jobs',
    },
    {
      sql: `update jobs set state = 'running', locked_by = $1, attempts = attempts + 1 where id = (
              select id from jobs where state = 'waiting' and run_at <= now() order by priority, run_at for update skip locked limit 1
            ) returning kind, payload, attempts`,
      values: ['worker-1'],
      prepared: 'take',
    },
    {
      sql: `update jobs set state = 'done', locked_by = null where locked_by = $1 returning state`,
      values: ['worker-1'],
    },
    { sql: `select kind, state from jobs where id in (1, 2) order by id` },
    { sql: `insert into events (at, what, job) values ('2026-02-11', 'ended', 1), ('2027-01-01', 'planned', null)` },
    { sql: `select distinct at, what, job from events where at < '2026-03-01' order by at` },
    { sql: `select value from settings where name = 'retries'` },
    {
      sql: `select case value when 'normal' then 'ok' else (1 / (length(value) - length(value)))::text end as mode from settings where name = 'mode'`,
    },
    { sql: `select nextval('ticket_numbers') > 0 as ticket` },
    { sql: `select kind, jobs > 0 as some from job_counts order by kind` },
  ],
}
