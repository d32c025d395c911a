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
    for (const suites of atOnce(chosen)) results.push(...(await runBeside(suites)))
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

/** Each suite with those that run beside it. */
function atOnce(chosen) {
  const all = []
  for (const suite of chosen) {
    if (suite.beside && all.length > 0) all.at(-1).push(suite)
    else all.push([suite])
  }
  return all
}

/** What the first one prints is shown as it comes, that of the others when they have ended. */
async function runBeside([first, ...others]) {
  const shown = runSuite(first, { log, run: (...words) => run('inherit', ...words) })
  const kept = others.map(async suite => {
    const pieces = []
    const keep = piece => pieces.push(piece)
    const result = await runSuite(suite, { log: line => keep(`${line}\n`), run: (...words) => run(keep, ...words) })
    return { result, text: Buffer.concat(pieces.map(piece => Buffer.from(piece))) }
  })
  const results = [await shown]
  for (const { result, text } of await Promise.all(kept)) {
    process.stdout.write(text)
    results.push(result)
  }
  return results
}

async function runSuite(suite, output) {
  output.log(`\n── ${suite.name} ${'─'.repeat(Math.max(0, 70 - suite.name.length))}`)
  const began = performance.now()
  let counts
  try {
    counts = await countersOf[suite.kind](suite, output)
  } catch (error) {
    output.log(error.message)
    counts = { passed: 0, failed: 1, skipped: 0 }
  }
  return { name: suite.name, ...counts, seconds: (performance.now() - began) / 1000 }
}

const countersOf = {
  check: async (suite, output) => checkCounts(await output.run(suite.argv)),

  async vitest(suite, output) {
    const file = join(scratch, `${suite.name}.json`)
    const exitCode = await output.run([...suite.argv, '--reporter=json', `--outputFile.json=${file}`])
    return { ...vitestCounts(contents(file), exitCode), failures: vitestFailures(contents(file)) }
  },

  async node(suite, output) {
    const file = join(scratch, `${suite.name}.tap`)
    const prepared = await suite.before?.(output.log, orThrow(output.run))
    try {
      const reporters = ['spec', 'stdout', 'tap', file]
      const words = reporters.map((word, index) => `--test-reporter${index % 2 === 0 ? '' : '-destination'}=${word}`)
      const exitCode = await output.run(
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

/** The exit code, or null when a signal ended it. output: 'inherit', or what gets each piece. */
function run(output, [command, ...words], directory = root, environment = {}) {
  return new Promise((resolve, reject) => {
    const stream = output === 'inherit' ? 'inherit' : 'pipe'
    const child = spawn(command, words, {
      cwd: directory,
      stdio: ['ignore', stream, stream],
      env: { ...process.env, ...environment },
    })
    for (const each of [child.stdout, child.stderr]) each?.on('data', output)
    child.on('error', reject)
    child.on('close', resolve)
  })
}

const orThrow = run => async (argv, directory) => {
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
