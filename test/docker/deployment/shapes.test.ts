import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { docker, lines } from '../project.ts'
import { thorough } from '../sample.ts'
import { Stages } from '../stages.ts'

/** An app that is another one with each release: networks, services, roles, and whether there is a database at all. */
describe.runIf(thorough)('an app that changes its shape', () => {
  let stages: Stages
  let image = ''

  beforeAll(async () => {
    stages = await Stages.create('prod')
    image = `${stages.app}-app`
    const answers = "require('http').createServer((q, s) => s.end(process.env.V)).listen(3000)"
    await stages.image(image, `FROM node:22-bookworm-slim\nCMD ["node", "-e", "${answers}"]\n`)
    await docker('network', 'create', `${stages.app}-company`)
  })

  afterAll(async () => {
    await stages?.destroy()
    await docker('network', 'rm', `${stages.app}-company`).catch(() => '')
  })

  interface Shape {
    version: number
    ticker: 'none' | 'off' | 'state' | 'worker'
    database?: boolean
    web?: boolean
  }

  async function shape({ version, ticker, database = false, web = true }: Shape): Promise<void> {
    const common = `image: ${image}, pull_policy: never`
    const tick = `command: [sleep, infinity], init: true, stop_grace_period: 1s`
    const services = [
      ...(web ? [`web: { ${common}, expose: [3000], environment: { V: "${version}" }, networks: [company] }`] : []),
      ...(web ? [] : [`worker: { ${common}, ${tick} }`]),
      ...(ticker === 'none' ? [] : [`ticker: { ${common}, ${tick}, scale: ${ticker === 'off' ? 0 : 1} }`]),
      ...(database
        ? [
            `db: { image: "postgres:16-alpine", environment: { POSTGRES_USER: shop, POSTGRES_PASSWORD: only-for-tests }, volumes: ["data:/var/lib/postgresql/data"] }`,
            `schema: { image: "postgres:16-alpine", restart: "no", environment: { PGPASSWORD: only-for-tests } }`,
          ]
        : []),
    ]
    const company = `networks: { company: { external: true, name: ${stages.app}-company } }\n`
    const volumes = database ? 'volumes: { data: {} }\n' : ''
    await stages.write('compose.yaml', `services:\n${services.map(each => `  ${each}\n`).join('')}${company}${volumes}`)
    const command = `[psql, -h, db, -U, shop, -c, "create table if not exists t${version} (id int)"]`
    await stages.configure(
      [
        'compose: [compose.yaml]\nhealth: { path: / }\nwatch: off\nwarm: 60s',
        ...(database ? [`database: db\nmigrate: { service: schema, command: ${command} }`] : []),
        `services: { ${[
          ...(database ? ['schema: { role: job }'] : []),
          ...(ticker === 'state' ? ['ticker: { role: state }'] : []),
        ].join(', ')} }`,
      ].join('\n'),
    )
  }

  /** In a hold one waits. */
  async function ask(): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${stages.ports['prod']}/`, { signal: AbortSignal.timeout(60_000) })
    return answer.text()
  }

  async function deploy(): Promise<string[]> {
    const said: string[] = []
    let isOver = false
    const asking = (async () => {
      for (; !isOver; await pause(20)) said.push(await ask().catch(() => 'none'))
    })()
    const { exitCode, stdout, stderr } = await stages.slipway('deploy', 'prod', '--json')
    isOver = true
    await asking
    expect(exitCode, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ result: { outcome: 'deployed' } })
    return said
  }

  const running = async (service: string): Promise<string[]> => {
    const labels = [`slipway.project=${stages.app}-prod`, `com.docker.compose.service=${service}`]
    const filters = labels.flatMap(label => ['--filter', `label=${label}`])
    return lines(await docker('ps', ...filters, '--format', '{{.Names}}'))
  }

  test('is deployed with a worker that is switched off', async () => {
    await shape({ version: 1, ticker: 'off' })
    await deploy()
    expect(await stages.answer('prod')).toBe('1')
    expect(await running('ticker')).toEqual([])
  })

  test('on a network that releases share, each answers through its own door alone', async () => {
    await shape({ version: 2, ticker: 'off' })
    const said = await deploy()
    expect(said.join('')).toMatch(/^1+2*$/)
    // The old one is warm, and on the same network.
    expect(await running('web')).toHaveLength(2)
    const now = await Promise.all(Array.from({ length: 60 }, () => stages.answer('prod')))
    expect(new Set(now)).toEqual(new Set(['2']))
  })

  test('gets its first database by a deployment', async () => {
    await shape({ version: 3, ticker: 'state', database: true })
    expect((await deploy()).join('')).toMatch(/^2+3*$/)
    const tables = await stages.slipway('exec', 'prod', 'db', '--', 'psql', '-U', 'shop', '-Atc', '\\dt')
    expect(tables.stdout).toContain('t3')
    expect(await running('ticker')).toHaveLength(1)
  })

  test('a state service that becomes a worker runs once, and once again when all goes back', async () => {
    await shape({ version: 4, ticker: 'worker', database: true })
    await deploy()
    expect(await running('ticker')).toEqual([expect.stringContaining('-r4-ticker')])
    const back = await stages.slipway('rollback', 'prod', '--data', 'keep')
    expect(back.exitCode, back.stderr).toBe(0)
    expect(await running('ticker')).toEqual([expect.not.stringContaining('-r4-')])
    await deploy()
    expect(await running('ticker')).toEqual([expect.stringContaining('-r5-ticker')])
  })

  test('without its web service nobody answers any more, and a way back brings it', async () => {
    await shape({ version: 6, ticker: 'none', database: true, web: false })
    await deploy()
    expect(await running('web')).toEqual([])
    await expect(stages.answer('prod')).rejects.toThrow()
    const back = await stages.slipway('rollback', 'prod', '--data', 'keep')
    expect(back.exitCode, back.stderr).toBe(0)
    expect(await stages.answer('prod')).toBe('4')
  })
})
