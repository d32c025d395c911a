#!/usr/bin/env node
// npm run demo [-- --json | --keep | --clean FOLDER]: Slipway on this machine's Docker, under steady traffic.
import { parseArgs } from 'node:util'
import { daemonPid } from '../lab/daemon.mjs'
import { prepare, stopEngine } from '../scripts/prepare.mjs'
import { startTraffic } from '../traffic/traffic.mjs'
import { babyTraffic, createProject, idsPath, openProject, versionAt } from './project.mjs'
import { reasonsOfFailure, reportJson, reportText, whereToLookNext } from './report.mjs'
import { differences, story } from './story.mjs'

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    clean: { type: 'string' },
    rate: { type: 'string', default: '100' },
  },
})
const out = options.json ? process.stderr : process.stdout
const say = line => out.write(`${line}\n`)
const nothingSent = { sent: 0, failed: 0, longestGapMs: 0 }
const engineRan = daemonPid() !== undefined

let project
let traffic
let interrupted = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, interrupt)

try {
  if (options.clean !== undefined) await openProject(options.clean).remove()
  else process.exitCode = await demo()
} catch (error) {
  if (!interrupted) {
    say(`\n✗ The demo could not be run: ${error.message}`)
    process.exitCode = 1
  }
}
if (!interrupted) await cleanUp()

async function demo() {
  say('── Set-up ──────────────────────────────────────────────────────────────')
  await prepare({ log: line => say(`  ${line}`) })
  project = await createProject('demo')
  const deployments = []
  for (const [index, chapter] of story.entries()) {
    deployments.push(await show(chapter, index))
    if (deployments.at(-1).wrong.length > 0) break
    traffic ??= startTraffic({ baseUrl: project.baseUrl, rate: Number(options.rate), ...babyTraffic })
  }
  say('\n── The record ──────────────────────────────────────────────────────────')
  await run(['history'])
  const requests = traffic === undefined ? nothingSent : await traffic.stop()
  const writes = traffic === undefined ? { acknowledged: 0, lost: 0 } : await traffic.verify(idsPath)
  const report = { requests, writes, deployments, expected: story.length }
  say(`\n${reportText(report)}\n`)
  if (options.json) process.stdout.write(`${JSON.stringify(reportJson(report))}\n`)
  else if (options.keep) say(howToLook())
  else say(whereToLookNext)
  return reasonsOfFailure(report).length === 0 ? 0 : 1
}

async function show({ release, settings, title, words, ends, after }, index) {
  say(`\n── ${index + 1} of ${story.length}: ${title} ${'─'.repeat(Math.max(0, 60 - title.length))}`)
  if (words[0] === 'deploy') project.write(release, settings)
  const began = performance.now()
  const { exitCode } = await run(words)
  const seconds = Math.round(performance.now() - began) / 1000
  // A record of its own: a command that did nothing must not pass for the deployment before it.
  const record = await project.newestRecord()
  const version = await versionAt(project.baseUrl)
  const outcome = record?.outcome ?? 'not recorded'
  const wrong = differences(ends, { exitCode, outcome, version })
  if (wrong.length === 0) say(after)
  for (const each of wrong) say(`✗ ${each}`)
  if (traffic !== undefined) await sayTraffic()
  return { release, title, outcome, seconds: record?.seconds ?? seconds, wrong }
}

/** The real command line: its output goes where the demo's goes. */
async function run(words) {
  say(`$ slipway ${words.join(' ')}`)
  const stream = options.json ? 2 : 'inherit'
  const result = await project.slipway(words, ['ignore', stream, options.json ? 2 : 'inherit'])
  if (interrupted) throw new Error('interrupted')
  return result
}

async function sayTraffic() {
  const { lost } = await traffic.verify(idsPath)
  const { sent, failed, byKind } = traffic.summary()
  say(`Traffic so far: ${sent} requests, ${failed} failed; ${byKind.write.ok} writes acknowledged, ${lost} lost.`)
}

function howToLook() {
  const variables = { ...project.variables, ...dockerVariables() }
  return [
    'It is left running. To look at it:',
    ...Object.entries(variables).map(([name, value]) => `  export ${name}=${value}`),
    `  cd ${project.directory}`,
    `  curl ${project.baseUrl}/api/v1/health`,
    '  slipway status                   (node packages/slipway/dist/slipway.js of this checkout)',
    'To remove it:',
    `  npm run demo -- --clean ${project.folder}`,
    ...(engineRan || daemonPid() === undefined
      ? []
      : ['  node lab/docker.mjs down         (the Docker daemon that this demo started)']),
  ].join('\n')
}

function dockerVariables() {
  const { DOCKER_HOST, DOCKER_CONFIG } = process.env
  return {
    ...(DOCKER_HOST === undefined ? {} : { DOCKER_HOST }),
    ...(DOCKER_CONFIG === undefined ? {} : { DOCKER_CONFIG }),
  }
}

async function cleanUp() {
  const keeps = options.keep && !interrupted
  if (keeps || (project === undefined && engineRan)) return
  if (project !== undefined) {
    const stopped = traffic?.stop().catch(() => undefined)
    await project.remove()
    await stopped
  }
  if (!engineRan && daemonPid() !== undefined && options.clean === undefined)
    await stopEngine({ log: line => say(`  ${line}`) })
}

async function interrupt() {
  if (interrupted) return
  interrupted = true
  say('\nInterrupted: cleaning up ...')
  await project?.interrupt()
  await cleanUp()
  process.exit(130)
}
