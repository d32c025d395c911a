import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ComposeDocument } from '../../../packages/slipway/src/config/document.ts'
import type { EnvironmentConfig, MigrateConfig } from '../../../packages/slipway/src/config/model.ts'
import { composeEngine } from '../../../packages/slipway/src/engine/engine.ts'
import { fetchRelease } from '../../../packages/slipway/src/engine/fetch.ts'
import type { Release, ReleaseId, ReleaseService } from '../../../packages/slipway/src/release/model.ts'
import type { ContainerState, Engine } from '../../../packages/slipway/src/release/ports.ts'
import { run } from '../../../packages/slipway/src/support/run.ts'

/** An app of its own on real Docker: project folder, releases, containers, networks, volumes and images; `end` removes all. */
export async function engineLab(): Promise<EngineLab> {
  const project = `swx${randomBytes(3).toString('hex')}`
  const directory = await mkdtemp('/tmp/swx-')
  const folder = join(directory, 'app')
  await mkdir(folder)
  const engine = composeEngine()
  return {
    project,
    directory,
    folder,
    engine,
    write: async (name, content) => {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), content)
    },
    async fetch(id, roles, more = {}) {
      const printed = await docker([
        'compose',
        '--project-name',
        project,
        '--file',
        join(folder, 'compose.yaml'),
        ...['config', '--format', 'json'],
      ])
      const document = JSON.parse(printed) as ComposeDocument
      const config = configOf(project, folder, more.migrate)
      const services = Object.entries(roles).map(([name, role]) => serviceOf(document, name, role))
      const release = join(directory, 'releases', id)
      return fetchRelease(
        { config, document, services, directory: folder, project: folder },
        id,
        release,
        () => undefined,
      )
    },
    async end() {
      const ours = [`label=slipway.project=${project}`, `label=com.docker.compose.project=${project}`]
      for (const filter of ours)
        await removeAll(['ps', '--all', '--quiet', '--filter', filter], ['rm', '--force', '--volumes'])
      for (const filter of ours) {
        await removeAll(['network', 'ls', '--quiet', '--filter', filter], ['network', 'rm'])
        await removeAll(['volume', 'ls', '--quiet', '--filter', filter], ['volume', 'rm', '--force'])
      }
      const images = await docker(['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}'])
      const own = images.split('\n').filter(name => name.startsWith(`slipway/${project}`))
      if (own.length > 0) await run('docker', ['image', 'rm', '--force', ...own])
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export interface EngineLab {
  project: string
  directory: string
  /** The folder a person works in. */
  folder: string
  engine: Engine
  write(name: string, content: string): Promise<void>
  /** Makes a release of the folder's compose.yaml. */
  fetch(
    id: ReleaseId,
    roles: Record<string, ReleaseService['role']>,
    more?: { migrate?: MigrateConfig },
  ): Promise<Release>
  end(): Promise<void>
}

/** Runs docker; throws what it says. */
export async function docker(argv: readonly string[]): Promise<string> {
  const result = await run('docker', argv)
  if (result.exitCode !== 0) throw new Error(`docker ${argv.join(' ')}: ${result.stderr}`)
  return result.stdout.trim()
}

/** Runs a program in a container; its output whatever its exit code. */
export async function inside(container: ContainerState | string, ...argv: string[]): Promise<string> {
  const id = typeof container === 'string' ? container : container.id
  const result = await run('docker', ['exec', id, ...argv])
  return `${result.stdout}${result.stderr}`.trim()
}

export async function until(what: string, met: () => Promise<boolean>, seconds = 10): Promise<void> {
  const endsAt = Date.now() + seconds * 1000
  while (!(await met())) {
    if (Date.now() > endsAt) throw new Error(`not within ${seconds} s: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

async function removeAll(list: string[], remove: string[]): Promise<void> {
  const names = (await docker(list)).split('\n').filter(Boolean)
  if (names.length > 0) await run('docker', [...remove, ...names])
}

function serviceOf(document: ComposeDocument, name: string, role: ReleaseService['role']): ReleaseService {
  return {
    name,
    role,
    hosts: [],
    health: { intervalMs: 500, deadlineMs: 10_000, timeoutMs: 1000 },
    replicas: document.services[name]?.deploy?.replicas ?? 1,
    dockerHealth: document.services[name]?.healthcheck !== undefined,
  }
}

function configOf(project: string, directory: string, migrate: MigrateConfig | undefined): EnvironmentConfig {
  return {
    file: join(directory, 'slipway.yaml'),
    directory,
    app: project,
    environment: 'test',
    project,
    production: false,
    composeFiles: [join(directory, 'compose.yaml')],
    source: { kind: 'directory' },
    services: {},
    health: { intervalMs: 500, deadlineMs: 10_000, timeoutMs: 1000 },
    ...(migrate === undefined ? {} : { migrate }),
    edge: { mode: 'none', domains: [], trustedProxies: [] },
    hold: { limitMs: 60_000 },
    drain: { limitMs: 10_000 },
    rehearse: { mode: 'full', smoke: [], timeoutMs: 900_000 },
    watch: { forMs: 60_000 },
    warm: { forMs: 600_000 },
    hooks: { beforeDeploy: [], afterDeploy: [], onFailure: [], alert: [], timeoutMs: 10_000 },
    backups: { directory: '', format: 'custom', keep: 3, daily: { keepDays: 7 } },
    rollback: { data: 'ask' },
    retention: { releases: 3, databases: 2 },
    secrets: { file: '/project/secrets/prod.yaml', rules: {} },
    scan: { allow: [] },
  }
}
