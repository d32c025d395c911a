// The same app without Slipway: `docker compose up -d --build` in place, as most teams deploy.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createProject } from '../demo/project.mjs'
import { freePort } from '../lab/free-port.mjs'
import { attempt, run } from '../lab/process.mjs'
import { answersWith, underTraffic } from './measure.mjs'

/** onEnd(cleanUp): is called with what removes everything again. healthSeconds: after so long a release is given up. */
export async function measureCompose({ rate, log, onEnd, healthSeconds }) {
  const { baseUrl, compose, write, up, remove } = await composeProject()
  onEnd(remove)
  const under = (version, act) => underTraffic({ baseUrl, rate, version, act })

  log('docker compose: first deployment')
  write('v1')
  await compose('build', '--quiet')
  await compose('up', '--detach', '--wait', 'db')
  await compose('run', '--rm', '-T', 'api', 'node', 'prisma/migrate-deploy.mjs')
  await up('v1')
  await answersWith(baseUrl, '0.1.0')

  log('docker compose: a release that changes code only')
  const codeOnly = await under('0.2.1', () => up('code-only'))

  log('docker compose: a release that crashes, and the one before put back at once')
  const failed = await under(undefined, async () => {
    await up('crash-loop')
    await up('code-only')
    await answersWith(baseUrl, '0.2.1')
  })

  log('docker compose: a release that never becomes healthy, and the one before put back as soon as that is known')
  const neverHealthy = await under(undefined, async () => {
    write('health-500')
    await compose('up', '--detach', '--build', '--quiet-pull', '--wait', '--wait-timeout', String(healthSeconds)).then(
      () => Promise.reject(new Error('the release that never becomes healthy was said to be healthy')),
      () => undefined,
    )
    await up('code-only')
    await answersWith(baseUrl, '0.2.1')
  })

  log('docker compose: back to the first release')
  const rollback = await under('0.1.0', () => up('v1'))
  return { codeOnly, failed, neverHealthy, rollback }
}

async function composeProject() {
  const project = await createProject('bench')
  const name = `${project.name}-compose`
  const ownImage = 'infra/own-image.yml'
  const files = ['infra/docker-compose.yml', ownImage].flatMap(file => ['--file', file])
  const environment = { API_PORT: String(await freePort()) }
  const compose = (...words) => {
    const argv = ['compose', '--project-name', name, ...files, '--env-file', '.env', ...words]
    return run('docker', argv, { cwd: project.directory, environment })
  }
  const write = release => {
    project.write(release)
    // So that no other image of the same name is replaced.
    const services = { api: { image: `${name}-api` } }
    writeFileSync(join(project.directory, ownImage), JSON.stringify({ services }))
  }
  return {
    baseUrl: `http://127.0.0.1:${environment.API_PORT}`,
    compose,
    write,
    up(release) {
      write(release)
      return compose('up', '--detach', '--build', '--quiet-pull')
    },
    async remove() {
      await compose('down', '--volumes', '--timeout', '2').catch(() => undefined)
      await attempt('docker', ['image', 'rm', '--force', `${name}-api`])
      await project.remove()
    },
  }
}
