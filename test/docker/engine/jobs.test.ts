import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MigrateConfig } from '../../../packages/slipway/src/config/model.ts'
import type { Release, ReleaseId } from '../../../packages/slipway/src/release/model.ts'
import { docker, engineLab, inside, until, type EngineLab } from './lab.ts'

const roles = { crash: 'worker', shell: 'worker', plain: 'worker' } as const
let lab: EngineLab
let r1: Release
let next = 1

beforeAll(async () => {
  lab = await engineLab()
  await lab.write(
    'compose.yaml',
    `
services:
  crash: { network_mode: none, image: "redis:7-alpine", command: [sh, -c, "sleep 2; echo out; echo went wrong >&2; exit 3"], restart: always }
  shell:
    image: redis:7-alpine
    network_mode: none
    healthcheck: { test: "test -f /tmp/ready && echo fine || { echo not ready; exit 1; }", interval: 60s }
  plain: { network_mode: none, image: "redis:7-alpine", stop_grace_period: 1s, healthcheck: { test: [CMD, redis-cli, "$\${NO_SHELL}"], interval: 60s } }
`,
  )
  r1 = await lab.fetch('r1', roles)
  await lab.engine.ensureState(r1)
})
afterAll(() => lab.end())

async function migrate(command: string[], timeoutMs = 20_000) {
  const config: MigrateConfig = { service: 'plain', command, files: [], timeoutMs }
  const id: ReleaseId = `r${++next}`
  const release = await lab.fetch(id, roles, { migrate: config })
  await lab.engine.ensureState(release)
  const result = await lab.engine.migrate(release, config, timeoutMs)
  const left = await docker([
    'ps',
    '--all',
    '--quiet',
    '--filter',
    `label=slipway.release=${id}`,
    '--filter',
    `label=slipway.project=${lab.project}`,
  ])
  await lab.engine.remove(release, 'at-once')
  return { ...result, left }
}

describe('a migration', () => {
  test('passes its exit code and its last words on', async () => {
    expect(await migrate(['true'])).toMatchObject({ exitCode: 0, timedOut: false, left: '' })
    const result = await migrate(['sh', '-c', 'echo one; echo $HOME $$ "${NOT_FILLED_IN:-x}" >&2; exit 7'])
    expect(result).toMatchObject({ exitCode: 7, timedOut: false, left: '' })
    expect(result.output.join('\n')).toMatch(/one[\s\S]*\/\S* 1 x/)
  })

  test('that does not end is gone afterwards, also when it ignores its stop signal', async () => {
    const result = await migrate(['sh', '-c', 'trap "" TERM; echo busy; while :; do sleep 1; done'], 1500)
    expect(result).toMatchObject({ timedOut: true, left: '' })
    expect(result.exitCode).not.toBe(0)
  })

  test('that ends well only because it was told to stop did not end well', async () => {
    const result = await migrate(['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done'], 1500)
    expect(result).toMatchObject({ timedOut: true, exitCode: 124, left: '' })
  })

  test('whose container was made ahead runs as any other does, once, and is gone afterwards', async () => {
    const config = (command: string[]): MigrateConfig => ({ service: 'plain', command, files: [], timeoutMs: 20_000 })
    const ahead = async (command: string[], timeoutMs = 20_000) => {
      const release = await lab.fetch(`r${++next}`, roles, { migrate: config(command) })
      await lab.engine.makeReady?.(release)
      const container = `${lab.project}-${release.id}-migrate`
      const made = await docker(['inspect', '--format', '{{.State.Status}}', container])
      const result = await lab.engine.migrate(release, config(command), timeoutMs)
      const left = await docker(['ps', '--all', '--quiet', '--filter', `name=${container}`])
      const others = (await lab.engine.containers(release)).map(each => each.status)
      await lab.engine.remove(release, 'at-once')
      return { ...result, made: made.trim(), left, others }
    }
    const script = 'echo one; echo $HOME $$ "${NOT_FILLED_IN:-x}" >&2; exit 7'
    const failed = await ahead(['sh', '-c', script])
    expect(failed).toMatchObject({ made: 'created', exitCode: 7, timedOut: false, left: '' })
    expect(failed.output.join('\n')).toMatch(/one[\s\S]*\/\S* 1 x/)
    expect(failed.others).toEqual(['created', 'created', 'created'])
    const endless = await ahead(['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done'], 1500)
    expect(endless).toMatchObject({ timedOut: true, exitCode: 124, left: '' })
  })

  test('whose container was made ahead, and removed by somebody, is made anew', async () => {
    const config: MigrateConfig = { service: 'plain', command: ['echo', 'anew'], files: [], timeoutMs: 20_000 }
    const release = await lab.fetch(`r${++next}`, roles, { migrate: config })
    await lab.engine.makeReady?.(release)
    await docker(['rm', '--force', `${lab.project}-${release.id}-migrate`])
    const result = await lab.engine.migrate(release, config, 20_000)
    expect(result).toMatchObject({ exitCode: 0, output: expect.arrayContaining(['anew']) as string[] })
    await lab.engine.remove(release, 'at-once')
  })

  test('that a killed runner left at work gives way to the new one', async () => {
    const config: MigrateConfig = { service: 'plain', command: ['echo', 'second'], files: [], timeoutMs: 20_000 }
    const release = await lab.fetch(`r${++next}`, roles, { migrate: config })
    const container = `${lab.project}-${release.id}-migrate`
    await docker(['run', '--detach', '--name', container, 'redis:7-alpine', 'sleep', '100'])
    const result = await lab.engine.migrate(release, config, 20_000)
    expect(result).toMatchObject({ exitCode: 0, output: expect.arrayContaining(['second']) as string[] })
    expect(await docker(['ps', '--all', '--quiet', '--filter', `name=${container}`])).toBe('')
  })

  test('with hostile words runs none of them in a shell', async () => {
    const words = ['$(touch /tmp/slipway-pwned)', '; touch /tmp/slipway-pwned', '--rm', '$HOME', 'ü\n']
    const result = await migrate(['node', '-e', 'console.log(JSON.stringify(process.argv.slice(1)))', '--', ...words])
    expect(result.exitCode).toBe(127)
    const printed = await migrate(['printf', '[%s]', ...words])
    expect(printed.output.join('\n')).toContain(
      words
        .slice(0, 4)
        .map(word => `[${word}]`)
        .join(''),
    )
  })
})

describe('what the gate looks at', () => {
  test('the bell rings on a crash, and the cause can be read', async () => {
    let rings = 0
    const bell = await lab.engine.watch(r1, () => rings++)
    try {
      await lab.engine.start(r1)
      const crashed = async () => (await lab.engine.containers(r1)).find(each => each.service === 'crash')
      await until('the crash is seen', async () => ((await crashed())?.restarts ?? 0) > 0, 15)
      expect(rings).toBeGreaterThan(0)
      const container = await crashed()
      if (container === undefined) throw new Error('gone')
      expect(await lab.engine.logs(container, 5)).toEqual(expect.arrayContaining(['out', 'went wrong']))
    } finally {
      bell.stop()
    }
  })

  test('a health check is run by hand as Docker runs it', async () => {
    const all = await lab.engine.containers(r1)
    const of = (service: string) => all.find(each => each.service === service) ?? Promise.reject(new Error(service))
    const shell = await of('shell')
    expect(shell.health).toBe('starting')
    expect(await lab.engine.checkHealth(shell)).toEqual({ ok: false, output: 'not ready' })
    await inside(shell, 'touch', '/tmp/ready')
    expect(await lab.engine.checkHealth(shell)).toEqual({ ok: true, output: 'fine' })
    expect((await lab.engine.checkHealth(await of('plain')))?.output).toContain('${NO_SHELL}')
    expect(await lab.engine.checkHealth(await of('crash'))).toBeUndefined()
    expect(await lab.engine.checkHealth({ ...shell, id: 'no-such-container' })).toBeUndefined()
  })

  test('a paused release can be removed, too', async () => {
    const [container] = await lab.engine.containers(r1)
    await docker([
      'pause',
      (await lab.engine.containers(r1)).find(each => each.service === 'shell')?.id ?? container?.id ?? '',
    ])
    await lab.engine.remove(r1, 'at-once')
    expect(await lab.engine.containers(r1)).toEqual([])
  })
})
