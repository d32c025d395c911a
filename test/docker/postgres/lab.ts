import { randomBytes } from 'node:crypto'
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { promisify } from 'node:util'
import { postgresDatabase } from '../../../packages/slipway/src/postgres/database.ts'
import type { DatabaseServer } from '../../../packages/slipway/src/postgres/server.ts'
import type { Database } from '../../../packages/slipway/src/release/ports.ts'

const run = promisify(execFile)

export async function docker(...argv: string[]): Promise<string> {
  const { stdout } = await run('docker', argv, { maxBuffer: 64 * 1024 * 1024 })
  return stdout.trim()
}

/** A PostgreSQL of its own on two networks: `inside` is the new release's, `outside` everybody else's. */
export interface Lab {
  server: DatabaseServer
  container: string
  inside: { name: string; subnet: string }
  outside: { name: string; subnet: string }
  database(name: string): Database
  /** Runs SQL over the socket and returns psql's bare output. */
  sql(database: string, statement: string): Promise<string>
  /** Starts psql in a container of its own, over the network. */
  writer(network: 'inside' | 'outside', database: string): Promise<Writer>
  waitUntilReady(): Promise<void>
  remove(): Promise<void>
}

export interface Writer {
  /** How many rows were acknowledged to it so far. */
  acknowledged(): number
  /** What it said when it was refused, newest last. */
  refusals(): string[]
  stop(): Promise<void>
}

export const password = 's3cret\'\\ "$(touch /tmp/slipway-owned)'

export async function openLab(options: { name?: string; extra?: string[] } = {}): Promise<Lab> {
  const prefix = `slipway-pgtest-${randomBytes(3).toString('hex')}`
  const inside = await network(`${prefix}-inside`)
  const outside = await network(`${prefix}-outside`)
  const container = `${prefix}-db`
  process.env['SLIPWAY_TEST_PASSWORD'] = password
  await docker(
    ...['run', '-d', '--name', container, '--network', inside.name, '-e', 'POSTGRES_USER=app'],
    ...['-e', `POSTGRES_PASSWORD=${password}`, '-e', `POSTGRES_DB=${options.name ?? 'app'}`],
    ...(options.extra ?? []),
    'postgres:16-alpine',
  )
  await docker('network', 'connect', outside.name, container)
  const server: DatabaseServer = { container: async () => container, user: 'app', password }
  const writers: Writer[] = []
  let started = 0
  const lab: Lab = {
    server,
    container,
    inside,
    outside,
    database: name => postgresDatabase({ ...server, name }),
    async sql(database, statement) {
      const connection = `dbname='${database.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
      return docker(
        'exec',
        container,
        'psql',
        '-XqAt',
        '-U',
        'app',
        '-v',
        'ON_ERROR_STOP=1',
        '-d',
        connection,
        '-c',
        statement,
      )
    },
    async writer(where, database) {
      const writer = await startWriter(`${container}-w${++started}`, lab[where].name, container, database)
      writers.push(writer)
      return writer
    },
    async waitUntilReady() {
      const live = lab.database(options.name ?? 'app')
      for (let attempt = 0; attempt < 150; attempt++) {
        if (await live.reachable().catch(() => false)) return
        await new Promise(resolve => setTimeout(resolve, 200))
      }
      throw new Error('PostgreSQL does not come up')
    },
    async remove() {
      await Promise.all(writers.map(writer => writer.stop()))
      await docker('rm', '-f', '-v', container).catch(() => '')
      await docker('network', 'rm', inside.name, outside.name).catch(() => '')
    },
  }
  await lab.waitUntilReady()
  return lab
}

async function network(name: string): Promise<{ name: string; subnet: string }> {
  await docker('network', 'create', name)
  const subnet = await docker('network', 'inspect', '-f', '{{(index .IPAM.Config 0).Subnet}}', name)
  return { name, subnet }
}

/**
 * Writes one row after the other, in turns on a long session and on fresh ones, and counts what was acknowledged.
 * Runs Node's own client-less way: psql reading statements, each answered before the next.
 */
async function startWriter(name: string, networkName: string, host: string, database: string): Promise<Writer> {
  const connection = `host=${host} user=app connect_timeout=5 dbname='${database.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  const script =
    'while :; do printf "insert into writes(who) values (\'x\') returning \'ack\';\\n%.0s" 1 2 3 4 5 | psql -XqAt -v ON_ERROR_STOP=1 -d "$0" -f - 2>&1 || sleep 0.05; done'
  const child: ChildProcess = spawn(
    'docker',
    [
      'run',
      '--rm',
      '-i',
      '--name',
      name,
      '--network',
      networkName,
      '-e',
      'PGPASSWORD',
      '--entrypoint',
      'sh',
      'postgres:16-alpine',
      '-c',
      script,
      connection,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PGPASSWORD: password } },
  )
  let acknowledged = 0
  let refusals: string[] = []
  let rest = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === 'ack') acknowledged++
      else if (line !== '') refusals = [...refusals.slice(-20), line]
    }
  })
  return {
    acknowledged: () => acknowledged,
    refusals: () => refusals,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise(resolve => child.once('close', resolve))
      await docker('rm', '-f', name).catch(() => '')
      await ended
    },
  }
}

/** Waits until a condition holds; says what it waited for when it does not. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  patienceMs = 40_000,
): Promise<void> {
  const deadline = Date.now() + patienceMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited in vain until ${what}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

export const sleep = (milliseconds: number): Promise<void> => new Promise(resolve => setTimeout(resolve, milliseconds))

/** Of a folder of backups: all but the note of whose they are. */
export async function filesIn(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter(file => file !== '.slipway-backups-of')
}
