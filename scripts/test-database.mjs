// A PostgreSQL server in a container, for tests that want a DATABASE_URL.
import { randomBytes } from 'node:crypto'
import { attempt, pause, run } from '../lab/process.mjs'

export async function startTestDatabase(log) {
  const name = `slipway-tests-${randomBytes(4).toString('hex')}`
  const password = randomBytes(12).toString('hex')
  log(`PostgreSQL for the tests in the container ${name}`)
  // The value travels in the environment of docker, not in its arguments.
  await run(
    'docker',
    [
      'run',
      '--detach',
      '--rm',
      '--name',
      name,
      '--env',
      'POSTGRES_PASSWORD',
      '--tmpfs',
      '/var/lib/postgresql/data',
      '--publish',
      '127.0.0.1::5432',
      'postgres:16-alpine',
    ],
    { environment: { POSTGRES_PASSWORD: password } },
  )
  const stop = () => attempt('docker', ['rm', '--force', '--volumes', name])
  try {
    await ready(name)
    const address = (await run('docker', ['port', name, '5432/tcp'])).split('\n')[0].trim()
    return { environment: { DATABASE_URL: `postgresql://postgres:${password}@${address}/postgres` }, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Over TCP: while a new server sets itself up, it listens on its socket only. */
async function ready(name) {
  for (let tries = 0; tries < 300; tries += 1) {
    const { code } = await attempt('docker', [
      'exec',
      name,
      'pg_isready',
      '--host',
      '127.0.0.1',
      '--username',
      'postgres',
    ])
    if (code === 0) return
    await pause(200)
  }
  throw new Error(`PostgreSQL in ${name} did not become ready within a minute`)
}
