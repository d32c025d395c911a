import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { connectCommand, connectFromKeptPsql, runInKeptPsql } from '../../src/postgres/kept-psql.ts'
import type { DatabaseServer } from '../../src/postgres/server.ts'

const directory = mkdtempSync(join(tmpdir(), 'slipway-psql-'))
let log = join(directory, 'log')
let tests = 0
const path = process.env['PATH']
writeFileSync(
  join(directory, 'docker'),
  `#!/bin/sh\nexec "${process.execPath}" "${join(import.meta.dirname, 'fake-psql.mjs')}" "$@"\n`,
)
chmodSync(join(directory, 'docker'), 0o755)
process.env['PATH'] = `${directory}:${path}`
afterAll(() => {
  process.env['PATH'] = path
})
beforeEach(() => {
  // Programs of an earlier test may still have something to note.
  log = join(directory, `log-${++tests}`)
  writeFileSync(log, '')
  process.env['FAKE_PSQL_LOG'] = log
})

let container = 'first'
const newServer = (): DatabaseServer => ({ container: async () => container, user: 'app' })
const order = (input: string, connection = 'beside') => ({
  argv: (to: string) => ['psql', '-d', to],
  connection,
  waitsAt: 'beside',
  input,
  timeoutMs: 5000,
})
const lines = (word: string) =>
  readFileSync(log, 'utf8')
    .split('\n')
    .filter(line => line.split(' ')[1] === word)

test('one program, and a session of its own for each use', async () => {
  const server = newServer()
  for (const text of ['one', 'two', 'three']) {
    expect((await runInKeptPsql(server, order(`print ${text}`))).stdout).toBe(`${text}\n`)
  }
  expect(lines('started')).toHaveLength(1)
  expect(lines('connect')).toHaveLength(2)
})

test('nobody is left at another database when the answer is there', async () => {
  const server = newServer()
  await runInKeptPsql(server, order('print x'))
  await runInKeptPsql(server, order('print x', 'live'))
  expect(lines('connect').map(line => line.split('off ')[1])).toEqual(["'live'", "'beside'"])
})

test('two at once are two programs, and a third is not kept', async () => {
  const server = newServer()
  const all = await Promise.all(['1', '2', '3'].map(text => runInKeptPsql(server, order(`sleep 50\nprint ${text}`))))
  expect(all.map(result => result.stdout)).toEqual(['1\n', '2\n', '3\n'])
  expect(lines('started')).toHaveLength(3)
  await expect.poll(() => lines('ended')).toHaveLength(1)
})

test('after an error the next use begins anew', async () => {
  const server = newServer()
  expect(await runInKeptPsql(server, order('print a\nfail oh'))).toMatchObject({ exitCode: 3, stdout: 'a\n' })
  expect(await runInKeptPsql(server, order('print b'))).toMatchObject({ exitCode: 0, stdout: 'b\n' })
  expect(lines('started')).toHaveLength(2)
})

test('one that was killed while it waited, or can not connect, is replaced by a new one before anything is sent', async () => {
  const server = newServer()
  await runInKeptPsql(server, order('print a'))
  process.kill(Number(lines('started')[0]?.split(' ')[0]), 'SIGKILL')
  await expect.poll(async () => (await runInKeptPsql(server, order('print b'))).stdout).toBe('b\n')
  expect(await runInKeptPsql(server, order('print c', 'nowhere'))).toMatchObject({ exitCode: 0, stdout: 'c\n' })
  expect(lines('started').at(-1)).toContain('-d nowhere')
})

test('another container gets another program', async () => {
  const server = newServer()
  await runInKeptPsql(server, order('print a'))
  container = 'second'
  await runInKeptPsql(server, order('print b'))
  expect(lines('started').map(line => /exec -i (\w+)/.exec(line)?.[1])).toEqual(['first', 'second'])
  await expect.poll(() => lines('ended')).toHaveLength(1)
})

test('one that nobody uses goes soon', async () => {
  await runInKeptPsql(newServer(), order('print a'))
  await expect.poll(() => lines('ended'), { timeout: 9000 }).toHaveLength(1)
})

test('a connection is tried by one that waits, and that one is gone then', async () => {
  const server = newServer()
  expect(await connectFromKeptPsql(server, 'x')).toBeUndefined()
  await runInKeptPsql(server, order('print a'))
  expect(await connectFromKeptPsql(server, 'nowhere')).toMatchObject({ exitCode: 3 })
  await runInKeptPsql(server, order('print a'))
  expect(await connectFromKeptPsql(server, 'somewhere')).toMatchObject({ exitCode: 0 })
  expect(await connectFromKeptPsql(server, 'somewhere')).toBeUndefined()
})

test('connections as psql reads them, and none that would end the line', () => {
  expect(connectCommand("dbname='o\\'x\\\\'")).toBe("\\connect -reuse-previous=off 'dbname=''o\\\\''x\\\\\\\\'''")
  expect(connectCommand("dbname='a\n\\! touch /tmp/x'")).toBeUndefined()
})
