// The same app, releases and traffic with Slipway.
import { createProject } from '../demo/project.mjs'
import { run } from '../lab/process.mjs'
import { underTraffic } from './measure.mjs'

/** onEnd(cleanUp): is called with what removes everything again. */
export async function measureSlipway({ rate, log, onEnd, healthSeconds }) {
  const project = await createProject('bench', { healthDeadline: `${healthSeconds}s`, warm: '60s' })
  onEnd(() => project.remove())
  const deploy = async outcome => expectOutcome(await project.json(['deploy']), outcome)
  const under = (version, act) => underTraffic({ baseUrl: project.baseUrl, rate, version, act })

  log('Slipway: first deployment')
  project.write('v1')
  await deploy('deployed')

  log('Slipway: a release that changes code only')
  project.write('code-only')
  const codeOnly = await under('0.2.1', () => deploy('deployed'))
  const boot = await bootSeconds(project, codeOnly.result.release)

  log('Slipway: nothing has changed')
  const began = performance.now()
  await deploy('unchanged')
  const unchangedSeconds = (performance.now() - began) / 1000

  log('Slipway: a release with a migration that only adds, rehearsed')
  project.write('v2')
  const migration = await under('0.2.0', () => deploy('deployed'))

  log('Slipway: back to the release before, which is still warm')
  const rollback = await under('0.2.1', async () => expectOutcome(await project.json(['rollback']), 'deployed'))

  log('Slipway: a release whose migration is not rehearsed, so that requests are held')
  project.write('v2', { rehearse: 'off' })
  const held = await under('0.2.0', () => deploy('deployed'))

  log('Slipway: a release that crashes')
  project.write('crash-loop', { over: 'v2' })
  const failed = await under(undefined, () => deploy('rolled-back'))

  log('Slipway: a release that never becomes healthy')
  project.write('health-500', { over: 'v2' })
  const neverHealthy = await under(undefined, () => deploy('rolled-back'))
  return { codeOnly, boot, unchangedSeconds, migration, failed, neverHealthy, rollback, held }
}

/** A measurement of something else than what was meant would be worse than none. */
export function expectOutcome({ exitCode, result, error }, outcome) {
  if (result?.outcome === outcome) return result
  const found = result === undefined ? error?.message : `${result.outcome} ${result.failure?.message ?? ''}`
  throw new Error(`the deployment ended with ${exitCode}: ${found}; expected ${outcome}`)
}

/** The app's own: from the start of its container to its line that says it listens. */
export async function bootSeconds(project, release) {
  const name = `${project.name}-${release}-api-1`
  const startedAt = Date.parse((await run('docker', ['inspect', '--format', '{{.State.StartedAt}}', name])).trim())
  const lines = (await run('docker', ['logs', name])).split('\n').filter(line => line.includes('Server listening'))
  const listensAt = JSON.parse(lines[0] ?? '{}').time
  if (listensAt === undefined) throw new Error(`the log of ${name} does not say when it began to listen`)
  return (listensAt - startedAt) / 1000
}
