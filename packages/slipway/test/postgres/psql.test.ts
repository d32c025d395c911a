import { expect, test } from 'vitest'
import { localConnection, messageOf, psqlArgv, sqlError } from '../../src/postgres/psql.ts'
import { execArgv } from '../../src/postgres/server.ts'

const failed = (stderr: string, exitCode = 3, sqlState?: string) => ({
  exitCode,
  stderr,
  stdout: '',
  timedOut: false,
  sqlState,
})

test('messages are told without the statement they stand in', () => {
  const said = [
    'psql:<stdin>:9: ERROR:  42601: syntax error at or near "secret"',
    "LINE 1: alter role x password 'secret-value'",
    '                              ^',
    'DETAIL:  Key (name)=(secret-value) exists.',
    "STATEMENT:  alter role x password 'secret-value'",
    'LOCATION:  scanner_yyerror, scan.l:1176',
  ].join('\n')
  expect(messageOf(said)).toBe('syntax error at or near "secret"')
})

test('messages of a connection that did not come about, and of pg_restore', () => {
  expect(messageOf('psql: error: connection to server at "x" failed: FATAL:  database "y" does not exist')).toBe(
    'connection to server at "x" failed: FATAL:  database "y" does not exist',
  )
  expect(messageOf("pg_restore: error: could not execute query: ERROR:  no\nCommand was: COPY 'secret'")).toBe(
    'could not execute query: ERROR:  no',
  )
})

test('a server that is not there is told from a statement that failed', () => {
  expect(sqlError(failed('psql: error: connection failed', 2), 'x').code).toBe('DATABASE_UNREACHABLE')
  expect(sqlError(failed('Error response from daemon: Container 1 is not running', 1), 'x').code).toBe(
    'DATABASE_UNREACHABLE',
  )
  expect(sqlError(failed('psql:<stdin>:1: ERROR:  55006: busy', 3, '55006'), 'x')).toMatchObject({
    code: 'DATABASE_FAILED',
    why: 'busy',
  })
})

test('the password is named in argv, never valued', () => {
  const server = { container: async () => 'c', user: "o'brien", password: 'hunter22' }
  const argv = execArgv('c', psqlArgv(localConnection(server, 'host=evil user=x')), { environment: ['PGPASSWORD'] })
  expect(argv.slice(0, 5)).toEqual(['exec', '-i', '-e', 'PGPASSWORD', 'c'])
  expect(argv.join(' ')).not.toContain('hunter22')
  expect(argv).toContain(
    "host='' user='o\\'brien' dbname='host=evil user=x' application_name='slipway' client_encoding='UTF8'",
  )
})
