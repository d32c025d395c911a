import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { missingFromLedgers } from '../../../packages/slipway/src/postgres/ledger-proof.ts'
import { run } from '../../../packages/slipway/src/support/run.ts'
import type { ToolMigration } from '../case.ts'
import { look } from './product.ts'
import type { Session } from './session.ts'

/** The tool itself, at work on files in a folder of its own. What it claims is held against the ledger, as the product does. */
export async function runTool(
  migration: ToolMigration,
  url: string,
  observer: Session,
): Promise<{ failed?: string; disagreement?: string | undefined }> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-corpus-'))
  try {
    const files = await tools[migration.tool].lay(folder, migration)
    const { argv, environment = {} } = tools[migration.tool].command(folder, migration)
    const [command = '', ...words] = argv
    const result = await run(command, words, {
      directory: folder,
      environment: { ...environment, DATABASE_URL: url },
      timeoutMs: 60_000,
    })
    if (result.exitCode !== 0) return { failed: lastLine(`${result.stdout}\n${result.stderr}`) }
    const { state } = await look(observer)
    const missing = missingFromLedgers(state.catalog, files)
    return { disagreement: missing.length === 0 ? undefined : `${missing.join(', ')} not in the ledger` }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Tool {
  /** Writes the migrations; returns them as the product reads them: paths inside `migrate.files` and contents. */
  lay(folder: string, migration: ToolMigration): Promise<{ path: string; content: string }[]>
  command(folder: string, migration: ToolMigration): { argv: string[]; environment?: Record<string, string> }
}

const home = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const inTools = (path: string): string => home(`../tools/${path}`)
/** Its script is what runs Prisma's own engine where the native one can not be had. */
const example = home('../../../examples/baby-basics/apps/api')

const tools: Record<ToolMigration['tool'], Tool> = {
  prisma: {
    async lay(folder, { pending }) {
      await cp(join(example, 'prisma'), join(folder, 'prisma'), { recursive: true })
      await cp(join(example, 'prisma.config.mjs'), join(folder, 'prisma.config.mjs'))
      await symlink(join(example, 'node_modules'), join(folder, 'node_modules'))
      const place = join(folder, 'prisma/migrations')
      await rm(place, { recursive: true })
      const files = Object.entries(pending).map(([name, content]) => ({ path: `${name}/migration.sql`, content }))
      await writeAll(place, [...files, { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' }])
      return files
    },
    command: (folder, { trick }) =>
      trick === 'engine does nothing'
        ? {
            argv: [process.execPath, join(example, 'node_modules/prisma/build/index.js'), 'migrate', 'deploy'],
            environment: {
              PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true',
              PRISMA_HIDE_UPDATE_MESSAGE: '1',
              CHECKPOINT_DISABLE: '1',
            },
          }
        : { argv: [process.execPath, join(folder, 'prisma/migrate-deploy.mjs')] },
  },
  drizzle: {
    async lay(folder, { pending, trick }) {
      const tags = Object.keys(pending)
      const when = (place: number): number =>
        (trick === 'older than the last one' ? 1_600_000_000_000 : 1_780_000_000_000) + place
      const entries = tags.map((tag, idx) => ({ idx, version: '7', when: when(idx), tag, breakpoints: true }))
      const files = [
        ...tags.map(tag => ({ path: `${tag}.sql`, content: pending[tag] ?? '' })),
        { path: 'meta/_journal.json', content: JSON.stringify({ version: '7', dialect: 'postgresql', entries }) },
      ]
      await writeAll(join(folder, 'migrations'), files)
      return files
    },
    command: folder => ({ argv: [process.execPath, inTools('drizzle.mjs'), join(folder, 'migrations')] }),
  },
  'node-pg-migrate': {
    async lay(folder, { pending }) {
      const files = Object.entries(pending).map(([path, content]) => ({ path, content }))
      await writeAll(join(folder, 'migrations'), files)
      await mkdir(join(folder, 'empty'))
      return files
    },
    command: (folder, { trick }) => ({
      argv: [
        process.execPath,
        inTools('node_modules/node-pg-migrate/bin/node-pg-migrate.js'),
        'up',
        '--migrations-dir',
        join(folder, trick === 'no folder' ? 'empty' : 'migrations'),
      ],
    }),
  },
  knex: {
    async lay(folder, { pending }) {
      const files = Object.entries(pending).map(([path, content]) => ({ path, content }))
      await writeAll(join(folder, 'migrations'), files)
      return files
    },
    command: folder => ({ argv: [process.execPath, inTools('knex.mjs'), join(folder, 'migrations')] }),
  },
}

async function writeAll(place: string, files: readonly { path: string; content: string }[]): Promise<void> {
  for (const { path, content } of files) {
    const file = join(place, path)
    await mkdir(join(file, '..'), { recursive: true })
    await writeFile(file, content)
  }
}

function lastLine(output: string): string {
  const lines = output.split('\n').filter(line => line.trim() !== '')
  return (lines.find(line => /error|fail/i.test(line)) ?? lines.at(-1) ?? 'it said nothing').trim().slice(0, 120)
}
