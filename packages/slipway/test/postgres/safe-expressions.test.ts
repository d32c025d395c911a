import { expect, test } from 'vitest'
import { cannotFail } from '../../src/postgres/safe-expressions.ts'

test.each([
  'lower(email)',
  `COALESCE(name, ''::text)`,
  `(deleted_at IS NULL)`,
  `(status = 'paid'::public.order_status)`,
  `(state = ANY (ARRAY['a'::text, 'b'::text]))`,
  `((payload ->> 'kind'::text))`,
  `to_tsvector('english'::regconfig, title)`,
  `"a + b"`,
  `(at > '2026-01-01 00:00:00'::timestamp without time zone)`,
])('%s has a value for every row', expression => expect(cannotFail(expression)).toBe(true))

test.each([
  `((payload ->> 'n'::text))::integer`,
  '(a / b)',
  '(price * quantity)',
  'public.lower(email)',
  'my_function(a)',
  `'x'::text || a::integer`,
  '(a)::character varying(3)',
])('%s may have none', expression => expect(cannotFail(expression)).toBe(false))
