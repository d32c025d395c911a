import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { caddyEdge, type CaddyEdge } from '../../../packages/slipway/src/edge/edge.ts'
import type { EnvironmentConfig } from '../../../packages/slipway/src/config/model.ts'
import type { Issuer } from '../../../packages/slipway/src/edge/front-config.ts'
import type { Release, ReleaseId } from '../../../packages/slipway/src/release/model.ts'
import { run } from '../../../packages/slipway/src/support/run.ts'

/** An edge of its own on real Docker: directory, front, networks and apps, all removed by `end`. */
export async function edgeLab(): Promise<EdgeLab> {
  const prefix = `swe${randomBytes(3).toString('hex')}`
  const directory = await mkdtemp('/tmp/swe-')
  const port = await freePort()
  const ports = { http: await freePort(), https: await freePort() }
  const edgeName = `${prefix}-front`
  const edges: CaddyEdge[] = []
  const networks = new Map<string, Promise<string>>()

  async function network(project: string, id: ReleaseId): Promise<string> {
    const name = `${prefix}-${project}-${id}`
    const creating = networks.get(name) ?? dockerOk(['network', 'create', '--label', `slipway.test=${prefix}`, name])
    networks.set(name, creating)
    await creating
    return name
  }

  return {
    prefix,
    directory,
    port,
    ports,
    edgeName,
    edge(project, more = {}) {
      const edge = caddyEdge({ directory, edgeName, project, ports, issuer: 'internal', leaveMs: 800, ...more })
      edges.push(edge)
      return edge
    },
    network,
    async startApp(project, id, replica = '') {
      const on = await network(project, id)
      const app = fileURLToPath(new URL('app.mjs', import.meta.url))
      const name = `${on}-web${replica}`
      await dockerOk([
        ...[
          'run',
          '--detach',
          '--name',
          name,
          '--label',
          `slipway.test=${prefix}`,
          '--network',
          on,
          '--network-alias',
          'web',
        ],
        ...['--env', `RELEASE=${id}`, '--volume', `${app}:/app.mjs:ro`, 'node:22-bookworm-slim', 'node', '/app.mjs'],
      ])
      return name
    },
    async end() {
      await Promise.all(edges.map(edge => edge.close(0)))
      const listed = await dockerOk(['ps', '--all', '--format', '{{.Names}}'])
      const mine = listed.split('\n').filter(name => name.startsWith(prefix))
      if (mine.length > 0) await run('docker', ['rm', '--force', '--volumes', ...mine])
      if (networks.size > 0) await run('docker', ['network', 'rm', ...networks.keys()])
      await run('docker', ['volume', 'rm', `${edgeName}-data`])
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export interface EdgeLab {
  prefix: string
  directory: string
  port: number
  ports: { http: number; https: number }
  edgeName: string
  edge(project: string, more?: { directory?: string; issuer?: Issuer }): CaddyEdge
  network(project: string, id: ReleaseId): Promise<string>
  startApp(project: string, id: ReleaseId, replica?: string): Promise<string>
  end(): Promise<void>
}

export function aRelease(
  project: string,
  id: ReleaseId,
  services: { name: string; hosts?: string[]; port?: number; replicas?: number }[] = [{ name: 'web' }],
): Release {
  const health = { intervalMs: 1000, deadlineMs: 30_000, timeoutMs: 5000 }
  return {
    id,
    app: 'app',
    environment: 'test',
    project,
    createdAt: '2026-01-01T00:00:00.000Z',
    version: id,
    services: services.map(service => ({
      role: 'web' as const,
      port: 3000,
      hosts: [],
      health,
      replicas: 1,
      dockerHealth: false,
      ...service,
    })),
    images: {},
    fingerprint: id,
    stateFingerprint: '',
    directory: '/nowhere',
  }
}

export function aConfig(project: string, edge: Partial<EnvironmentConfig['edge']>): EnvironmentConfig {
  return {
    file: '/nowhere/slipway.yaml',
    directory: '/nowhere',
    app: 'app',
    environment: 'test',
    project,
    production: false,
    composeFiles: [],
    source: { kind: 'directory' },
    services: {},
    health: { intervalMs: 1000, deadlineMs: 30_000, timeoutMs: 5000 },
    edge: { mode: 'address', domains: [], trustedProxies: [], ...edge },
    hold: { limitMs: 60_000 },
    drain: { limitMs: 10_000 },
    rehearse: { mode: 'full', smoke: [], timeoutMs: 900_000 },
    watch: { forMs: 60_000 },
    warm: { forMs: 600_000 },
    hooks: { beforeDeploy: [], afterDeploy: [], onFailure: [], alert: [], timeoutMs: 1000 },
    backups: { directory: '/nowhere', format: 'custom', keep: 5, daily: { keepDays: 7 } },
    rollback: { data: 'ask' },
    retention: { releases: 3, databases: 2 },
    secrets: { file: '/project/secrets/prod.yaml', rules: {} },
    scan: { allow: [] },
  }
}

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  json: { release?: string; host?: string; headers?: Record<string, string>; bytes?: number }
}

export function ask(
  port: number,
  path: string,
  headers: Record<string, string | string[]> = {},
  method = 'GET',
  body = '',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, answer => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => (text += chunk))
      answer.on('error', reject)
      answer.on('end', () => {
        const isJson = answer.headers['content-type'] === 'application/json'
        const json = isJson ? (JSON.parse(text) as Answer['json']) : {}
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, json })
      })
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

export interface LoadResult {
  sent: number
  ok: number
  failed: Record<string, number>
  /** When (Unix milliseconds) the last one began that failed; 0: none did. */
  lastFailedAt: number
  releases: Record<string, number>
  longestMs: number
  p50: number
  p95: number
  p99: number
}

export async function load(port: number, perSecond: number, seconds: number, host = 'localhost'): Promise<LoadResult> {
  const program = fileURLToPath(new URL('load.mjs', import.meta.url))
  const child = spawn(process.execPath, [program, String(port), String(perSecond), String(seconds), host], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await new Promise(resolve => child.once('close', resolve))
  return JSON.parse(text) as LoadResult
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

export async function dockerOk(argv: string[]): Promise<string> {
  const result = await run('docker', argv, { timeoutMs: 60_000 })
  if (result.exitCode !== 0) throw new Error(`docker ${argv.join(' ')}: ${result.stderr}`)
  return result.stdout.trim()
}
