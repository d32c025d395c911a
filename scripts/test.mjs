#!/usr/bin/env node
// npm test [-- --only GROUP]: sets up what is missing, runs checks and tests, and ends with `N passed, N failed`.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { checkCounts, lastLine, tapCounts, vitestCounts, vitestFailures } from './counts.mjs'
import { watchDaemon } from '../lab/watch.mjs'
import { prepare, root, stopEngine } from './prepare.mjs'
import { groups, suites } from './suites.mjs'

const log = line => process.stdout.write(`${line}\n`)
const scratch = mkdtempSync(join(tmpdir(), 'slipway-test-'))
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }))

async function main() {
  const { only } = options()
  const chosen = suites.filter(suite => only === undefined || suite.group === only)
  const results = []
  let startedEngine = false
  const engine = watchDaemon(log)
  try {
    ;({ startedEngine } = await prepare({ log, docker: chosen.some(suite => suite.docker) }))
    for (const suite of chosen) results.push(await runSuite(suite))
  } catch (error) {
    log(error.message)
    results.push({ name: 'set-up', passed: 0, failed: 1, skipped: 0, seconds: 0 })
  } finally {
    engine.stop()
    if (startedEngine) await stopEngine()
  }
  if (engine.hangs > 0)
    log(`\nThe Docker daemon hung ${engine.hangs} times and was started anew: tests of then failed.`)
  summarize(results)
  process.exitCode = results.some(result => result.failed > 0) ? 1 : 0
}

async function runSuite(suite) {
  log(`\n── ${suite.name} ${'─'.repeat(Math.max(0, 70 - suite.name.length))}`)
  const began = performance.now()
  let counts
  try {
    counts = await countersOf[suite.kind](suite)
  } catch (error) {
    log(error.message)
    counts = { passed: 0, failed: 1, skipped: 0 }
  }
  return { name: suite.name, ...counts, seconds: (performance.now() - began) / 1000 }
}

const countersOf = {
  check: async suite => checkCounts(await run(suite.argv)),

  async vitest(suite) {
    const file = join(scratch, `${suite.name}.json`)
    const exitCode = await run([...suite.argv, '--reporter=json', `--outputFile.json=${file}`])
    return { ...vitestCounts(contents(file), exitCode), failures: vitestFailures(contents(file)) }
  },

  async node(suite) {
    const file = join(scratch, 'tap')
    rmSync(file, { force: true })
    const prepared = await suite.before?.(log, runOrThrow)
    try {
      const reporters = ['spec', 'stdout', 'tap', file]
      const words = reporters.map((word, index) => `--test-reporter${index % 2 === 0 ? '' : '-destination'}=${word}`)
      const exitCode = await run(
        [process.execPath, '--test', ...words, ...suite.files()],
        suite.directory,
        prepared?.environment,
      )
      return tapCounts(contents(file) ?? '', exitCode)
    } finally {
      await prepared?.stop()
    }
  },
}

/** Shows a program's output as it comes; the exit code, or null when a signal ended it. */
function run([command, ...words], directory = root, environment = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, {
      cwd: directory,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...environment },
    })
    child.on('error', reject)
    child.on('close', resolve)
  })
}

async function runOrThrow(argv, directory) {
  if ((await run(argv, directory)) !== 0) throw new Error(`${argv.join(' ')} failed in ${directory}`)
}

function contents(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function options() {
  const { values } = parseArgs({ options: { only: { type: 'string' } } })
  if (values.only === undefined || groups.includes(values.only)) return values
  log(`--only knows ${groups.join(', ')}; not ${values.only}`)
  process.exit(2)
}

function summarize(results) {
  // The end of a long log is what is looked at first.
  const failures = results.flatMap(result => result.failures ?? []).map(line => line.replace(`${root}/`, ''))
  for (const line of failures.slice(0, 25)) log(`✗ ${line}`)
  if (failures.length > 25) log(`  and ${failures.length - 25} more, see above`)
  log(`\n── summary ${'─'.repeat(62)}`)
  const width = Math.max(...results.map(result => result.name.length))
  for (const { name, passed, failed, skipped, seconds } of results) {
    const details = skipped > 0 ? `, ${skipped} skipped` : ''
    log(
      `${failed > 0 ? '✗' : '✓'} ${name.padEnd(width)}  ${passed} passed, ${failed} failed${details}  ${seconds.toFixed(1)} s`,
    )
  }
  log('')
  log(lastLine(results))
}

await main()
