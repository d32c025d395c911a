// The same app brought out the way docker-rollout does it: twice the containers, health, then the old ones away. Step by
// step what version 0.13 does, behind a Caddy that finds its upstreams by DNS.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createProject } from '../demo/project.mjs'
import { freePort } from '../lab/free-port.mjs'
import { attempt, run } from '../lab/process.mjs'
import { answersWith, underTraffic } from './measure.mjs'

/** onEnd(cleanUp): is called with what removes everything again. healthSeconds: after so long a release is given up. */
export async function measureRollout({ rate, log, onEnd, healthSeconds }) {
  const { baseUrl, compose, write, remove } = await rolloutProject()
  onEnd(remove)
  const under = (version, act) => underTraffic({ baseUrl, rate, version, act })
  const bringOut = async (release, options) => {
    write(release)
    await compose('build', '--quiet', 'api')
    return rollOut(compose, 'api', { healthSeconds, ...options })
  }

  log('Rolling update: first deployment')
  write('v1')
  await compose('build', '--quiet', 'api')
  await compose('up', '--detach', '--wait', 'db')
  await compose('run', '--rm', '-T', 'api', 'node', 'prisma/migrate-deploy.mjs')
  await compose('up', '--detach', '--wait', 'api', 'front')
  await answersWith(baseUrl, '0.1.0')

  log('Rolling update: a release that changes code only')
  const codeOnly = await under('0.2.1', () => bringOut('code-only'))
  log('Rolling update: back to the first release, the old one kept for 5 s beside the healthy new one')
  const waiting = await under('0.1.0', () => bringOut('v1', { waitAfterHealthySeconds: 5 }))
  log('Rolling update: a release that crashes')
  const crashLoop = await under(undefined, () => bringOut('crash-loop'))
  log('Rolling update: a release that never becomes healthy')
  const neverHealthy = await under(undefined, () => bringOut('health-500'))
  return { codeOnly, waiting, crashLoop, neverHealthy }
}

/** True: the new containers serve. False: they were not healthy in time, and are gone again. */
async function rollOut(compose, service, { healthSeconds, waitAfterHealthySeconds = 0 }) {
  const containers = async (...words) => (await compose('ps', '--quiet', ...words, service)).split('\n').filter(Boolean)
  const old = await containers()
  await compose('up', '--detach', '--scale', `${service}=${old.length * 2}`, '--no-recreate', service)
  const added = (await containers('--all')).filter(id => !old.includes(id))
  const healthy = await becomeHealthy(added, healthSeconds)
  if (healthy) await pause(waitAfterHealthySeconds * 1000)
  const gone = healthy ? old : added
  await run('docker', ['stop', ...gone])
  await run('docker', ['rm', ...gone])
  return healthy
}

/** Asked once a second, as there. */
async function becomeHealthy(ids, seconds) {
  for (let second = 0; second < seconds; second += 1) {
    const states = await run('docker', ['inspect', '--format', '{{.State.Health.Status}}', ...ids])
    if (states.split('\n').filter(state => state === 'healthy').length === ids.length) return true
    await pause(1000)
  }
  return false
}

async function rolloutProject() {
  const project = await createProject('bench')
  const name = `${project.name}-rollout`
  const port = await freePort()
  const front = join(project.folder, 'front')
  mkdirSync(front)
  writeFileSync(join(front, 'Caddyfile'), caddyfile)
  const own = 'infra/own.yml'
  const files = ['infra/docker-compose.yml', own].flatMap(file => ['--file', file])
  const compose = (...words) => {
    const argv = ['compose', '--project-name', name, ...files, '--env-file', '.env', ...words]
    return run('docker', argv, { cwd: project.directory })
  }
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    compose,
    write(release) {
      project.write(release)
      writeFileSync(join(project.directory, own), override({ image: `${name}-api`, port, front }))
    },
    async remove() {
      await compose('down', '--volumes', '--timeout', '2').catch(() => undefined)
      await attempt('docker', ['image', 'rm', '--force', `${name}-api`])
      await project.remove()
    },
  }
}

/** A service that publishes a port can not run twice; the front publishes it instead. */
const override = ({ image, port, front }) => `services:
  api:
    image: ${image}
    ports: !reset []
  front:
    image: caddy:2
    ports: ["127.0.0.1:${port}:80"]
    volumes: ["${front}:/etc/caddy:ro"]
`

const caddyfile = `{
  admin off
}
:80 {
  reverse_proxy {
    dynamic a api 3000 {
      refresh 1s
    }
  }
}
`
