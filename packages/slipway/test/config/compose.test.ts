import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { missingVariables } from '../../src/config/compose-failure.ts'
import { type ComposeOptions, readCompose } from '../../src/config/compose.ts'
import { SlipwayError } from '../../src/support/errors.ts'
import { project } from './project.ts'
import { environmentConfig } from './subject.ts'

/** A stand-in for `docker` that lies, hangs or is not there; the real one is asked in test/docker/config. */
const outside = { ...process.env }
afterEach(() => {
  process.env = { ...outside }
})

describe('readCompose', () => {
  it('gives Compose the files, the project and nothing of the caller', async () => {
    process.env['COMPOSE_FILE'] = '/elsewhere.yml'
    process.env['COMPOSE_PROJECT_NAME'] = 'elsewhere'
    process.env['COMPOSE_PROFILES'] = 'tools'
    const asked = 'for word; do echo "$word"; done >"$0.argv"; env >"$0.env"; pwd >"$0.pwd"; echo "services: {}"'
    const { directory, program, read } = stage(asked)
    await read({ overrideFiles: [join(directory, '--more.yml')] })
    expect(lines(`${program}.argv`)).toEqual([
      'compose',
      ...['--project-name', 'shop-prod'],
      ...['--env-file', join(directory, '.env')],
      ...['--file', join(directory, 'compose.yaml')],
      ...['--file', join(directory, '--more.yml')],
      ...['config', '--format', 'yaml'],
    ])
    expect(lines(`${program}.pwd`)).toEqual([directory])
    const environment = lines(`${program}.env`)
    expect(environment).toContain('COMPOSE_FILE=')
    expect(environment).toContain('COMPOSE_PROJECT_NAME=shop-prod')
    expect(environment).toContain('COMPOSE_PROFILES=tools')
    expect(environment).toContain(`PWD=${directory}`)
  })

  it('takes the files from another copy of the project', async () => {
    const { program, read } = stage('for word; do echo "$word"; done >"$0.argv"; echo "services: {}"')
    const copy = project({ 'compose.yaml': 'services: {}' })
    await read({ directory: copy })
    expect(lines(`${program}.argv`)).toContain(join(copy, 'compose.yaml'))
  })

  it('keeps missing variables out of what is written on', async () => {
    const warning = 'time="x" level=warning msg="The \\"TAG\\" variable is not set. Defaulting to a blank string."'
    const { read } = stage(`cat >&2 <<'X'\n${warning}\n${warning}\nX\necho 'services: {a: , constructor: {image: x}}'`)
    const document = await read()
    expect(document.missingVariables).toEqual(['TAG'])
    expect(JSON.stringify(document)).toBe('{"services":{"a":{},"constructor":{"image":"x"}}}')
  })

  it.each([
    ['nothing', 'true', {}],
    ['a list', 'echo "[1, 2]"', {}],
    ['services that are text', 'echo "services: x"', undefined],
  ])('lives with an answer of %s', async (_, script, services) => {
    const { services: found } = await stage(script).read()
    expect(typeof found).toBe('object')
    if (services !== undefined) expect(found).toEqual(services)
  })

  it('does not quote a broken answer', async () => {
    const error = await stage('echo "password: [hunter2hunter2"').fail()
    expect(error.code).toBe('COMPOSE_INVALID')
    expect(everythingSaid(error)).not.toContain('hunter2')
  })

  it('ends a Compose that does not end', async () => {
    const error = await stage('exec sleep 60').fail({ timeoutMs: 300 })
    expect(error).toMatchObject({ code: 'COMPOSE_INVALID', why: 'It did not end in time.' })
  })

  it.each([
    ['no plugin', `echo "docker: 'compose' is not a docker command." >&2; exit 1`],
    ['an old client', 'echo "unknown flag: --project-name" >&2; exit 125'],
    ['no program', 'exit 127'],
  ])('says that Docker Compose is not there: %s', async (_, script) => {
    expect(await stage(script).fail()).toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
  })

  it('is not there at all', async () => {
    const { fail } = stage('true')
    process.env['PATH'] = '/nonexistent'
    expect(await fail()).toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
  })

  it('names each required variable', async () => {
    const said = 'error while interpolating services.a.image: required variable TAG is missing a value: say which'
    const error = await stage(`echo "${said}" >&2; exit 15`).fail()
    expect(error).toMatchObject({ code: 'SECRET_MISSING', output: [said] })
    expect(error.why).toContain('TAG')
  })

  it.each([
    ['a value', 'Invalid containerPort: hunter2hunter2'],
    ['a line of the env file', 'failed to read /x/.env: line 3: unterminated quoted value "other2other2'],
    ['lines of the env file', 'failed to read /x/.env: line 3: unexpected "other2other2\nmore2more2'],
    ['an inherited value', 'invalid reference: inherited2'],
  ])('carries the words of Compose, without %s', async (_, said) => {
    process.env['SOME_TOKEN'] = 'inherited2'
    const error = await stage(`cat >&2 <<'X'\n${said}\nX\nexit 15`).fail()
    expect(error.code).toBe('COMPOSE_INVALID')
    expect(everythingSaid(error)).not.toMatch(/hunter2|other2|more2|inherited2/)
    expect(error.output.length).toBe(1)
  })

  it('names a file that is not there', async () => {
    const { directory } = stage('exit 1')
    const gone = environmentConfig({ directory, composeFiles: [join(directory, 'gone.yml')] })
    await expect(readCompose(gone)).rejects.toMatchObject({
      code: 'COMPOSE_INVALID',
      why: expect.stringContaining('gone.yml') as string,
    })
    const noSecrets = environmentConfig({
      directory,
      composeFiles: [join(directory, 'compose.yaml')],
      envFile: join(directory, 'gone.env'),
    })
    await expect(readCompose(noSecrets)).rejects.toMatchObject({
      code: 'SECRET_MISSING',
      why: expect.stringContaining('gone.env') as string,
    })
  })

  it('does not hand a bomb to Compose', async () => {
    const { directory, program, fail } = stage('touch "$0.ran"; exit 1')
    const letters = 'bcdefghi'.split('')
    const bomb = letters.map(
      (name, index) => `x-${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(',')}]`,
    )
    writeFileSync(join(directory, 'compose.yaml'), ['x-a: &a [x,x,x,x,x,x,x,x,x]', ...bomb].join('\n'))
    const error = await fail()
    expect(error).toMatchObject({ code: 'COMPOSE_INVALID', problems: [{ file: join(directory, 'compose.yaml') }] })
    writeFileSync(join(directory, 'compose.yaml'), Buffer.alloc(10_000_000, 'a: 1\n'))
    expect(await fail()).toMatchObject({ code: 'COMPOSE_INVALID' })
    expect(() => readFileSync(`${program}.ran`)).toThrow()
  })
})

describe('missingVariables', () => {
  it('reads the warnings of each version of Compose, once each', () => {
    const stderr =
      'WARN[0000] The "B" variable is not set. Defaulting to a blank string. \nmsg="The \\"A\\" variable is not set. Defaulting to a blank string."\nThe "B" variable is not set. Defaulting to a blank string.'
    expect(missingVariables(stderr)).toEqual(['A', 'B'])
  })
})

function stage(script: string) {
  const directory = project({
    'compose.yaml': 'services: {}',
    '.env': 'DB_PASSWORD=hunter2hunter2\n',
    '--more.yml': 'services: {}',
  })
  const bin = project({ docker: `#!/bin/sh\n${script}\n` })
  const program = join(bin, 'docker')
  chmodSync(program, 0o755)
  process.env['PATH'] = `${bin}:${outside['PATH'] ?? ''}`
  const config = environmentConfig({
    directory,
    composeFiles: [join(directory, 'compose.yaml')],
    envFile: join(directory, '.env'),
  })
  const read = (options?: ComposeOptions) => readCompose(config, options)
  const fail = async (options?: ComposeOptions): Promise<SlipwayError> => {
    const thrown: unknown = await read(options).catch((error: unknown) => error)
    if (thrown instanceof SlipwayError) return thrown
    throw new Error('it did not fail with a SlipwayError')
  }
  return { directory, program, read, fail }
}

function everythingSaid(error: SlipwayError): string {
  return JSON.stringify([
    error.message,
    error.why,
    error.state,
    error.next,
    error.problems,
    error.output,
    String(error.cause),
  ])
}

function lines(file: string): string[] {
  return readFileSync(file, 'utf8').trimEnd().split('\n')
}
