import { expect, test } from 'vitest'
import { saysReady } from '../../src/postgres/copy-start.ts'

const setUp = `LOG:  listening on Unix socket "/var/run/postgresql/.s.PGSQL.5432"
LOG:  database system is ready to accept connections
LOG:  database system is shut down
PostgreSQL init process complete; ready for start up.
`
const real = `LOG:  listening on IPv4 address "0.0.0.0", port 5432
LOG:  listening on Unix socket "/var/run/postgresql/.s.PGSQL.5432"
LOG:  database system is ready to accept connections
`

test('the server of the first set-up is not the one that stays', () => {
  expect(saysReady('')).toBe(false)
  expect(saysReady(setUp)).toBe(false)
  expect(saysReady(setUp + real.slice(0, -20))).toBe(false)
  expect(saysReady(setUp + real)).toBe(true)
  // A server that was set up before, and one that listens on IPv6 alone.
  expect(saysReady(real)).toBe(true)
  expect(saysReady(real.replace('IPv4 address "0.0.0.0"', 'IPv6 address "::"'))).toBe(true)
})
