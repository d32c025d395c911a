// What `npm test` runs, in this order: the quick first. `kind` says who counts.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { installPackages, root } from './prepare.mjs'
import { startTestDatabase } from './test-database.mjs'

const check = script => ({ name: script, kind: 'check', group: 'checks', argv: ['npm', 'run', '--silent', script] })
const vitest = (name, { projects = [name], ...extra }) => ({
  name,
  kind: 'vitest',
  group: name,
  argv: vitestArgv(projects),
  ...extra,
})

/** group: what `--only` names. docker: needs an engine. beside: runs at the same time as the one before it, mostly waiting. */
export const suites = [
  check('typecheck'),
  check('lint'),
  check('format:check'),
  check('unused'),
  check('docs:check'),
  vitest('unit', { projects: ['unit', 'unit-apart'] }),
  {
    name: 'example baby-basics',
    kind: 'node',
    group: 'examples',
    docker: true,
    beside: true,
    ...exampleTests('examples/baby-basics/apps/api'),
  },
  {
    name: 'traffic and scripts',
    kind: 'node',
    group: 'unit',
    files: () => [...testsIn('traffic/test'), ...testsIn('scripts/test')],
  },
  vitest('migrations', { docker: true }),
  { ...vitest('containers', { docker: true }), group: 'docker' },
  vitest('docker', { docker: true }),
]

export const groups = [...new Set(suites.map(suite => suite.group))]

function vitestArgv(projects) {
  const chosen = projects.flatMap(project => ['--project', project])
  return [process.execPath, 'node_modules/vitest/vitest.mjs', 'run', ...chosen, '--reporter=default']
}

function testsIn(folder, home = root) {
  const directory = join(home, folder)
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .filter(name => /\.test\.m?js$/.test(name))
    .map(name => join(folder, name))
}

/** An app's own tests: its packages, its generated client, and a PostgreSQL server of its own. */
function exampleTests(folder) {
  const directory = join(root, folder)
  return {
    directory,
    files: () => testsIn('test', directory),
    async before(log, run) {
      await installPackages(log, directory)
      await run(['npm', 'run', '--silent', 'generate'], directory)
      return startTestDatabase(log)
    },
  }
}
