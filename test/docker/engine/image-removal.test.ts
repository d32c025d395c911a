import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OwnRegistry, startRegistry } from '../../../lab/own-registry.mjs'
import { removeTags } from '../../../packages/slipway/src/engine/image-removal.ts'
import { run } from '../../../packages/slipway/src/support/run.ts'
import { docker } from './lab.ts'

const name = `swx-removal-${randomBytes(3).toString('hex')}`
const password = randomBytes(8).toString('hex')
let registry: OwnRegistry
let login: string

beforeAll(async () => {
  registry = await startRegistry({ user: 'bot', password })
  login = await mkdtemp(join(tmpdir(), 'slipway-login-'))
  await registry.login(login)
})

afterAll(async () => {
  await run('docker', ['image', 'rm', '--force', '--', ...(await names())])
  await registry.stop()
  await rm(login, { recursive: true })
})

/** All names of our images: tags and digests. */
async function names(): Promise<string[]> {
  const rows = await docker(['image', 'ls', '--all', '--digests', '--format', '{{.Repository}} {{.Tag}} {{.Digest}}'])
  return rows
    .split('\n')
    .filter(row => row.includes(name))
    .flatMap(row => {
      const [repository, tag, digest] = row.split(' ')
      return [tag === '<none>' ? `${repository}@${digest}` : `${repository}:${tag}`]
    })
}

/** An image that nobody else has, as a registry gives it: known by its digest alone. */
async function pulled(): Promise<string> {
  const there = `${registry.host}/${name}`
  const build = ['build', '--quiet', '--tag', there, '--label', `made=${randomBytes(4).toString('hex')}`, '-']
  expect((await run('docker', build, { input: 'FROM redis:7-alpine\n' })).exitCode).toBe(0)
  await docker(['--config', login, 'push', '--quiet', there])
  const digest = (await docker(['image', 'inspect', '--format', '{{index .RepoDigests 0}}', there])).trim()
  await docker(['image', 'rm', '--', there])
  await docker(['--config', login, 'pull', '--quiet', digest])
  return digest
}

test('of one that was pulled by its digest nothing is left with its last name, and before that all of it', async () => {
  const digest = await pulled()
  for (const release of ['r1', 'r2']) await docker(['image', 'tag', digest, `${name}:${release}`])
  await removeTags([`${name}:r1`], 'keep parents')
  expect((await names()).toSorted()).toEqual([digest, `${name}:r2`].toSorted())
  await removeTags([`${name}:r2`], 'keep parents')
  expect(await names()).toEqual([])
})

test('what a container uses stays, and names that are not there are no reason to leave others', async () => {
  const digest = await pulled()
  await docker(['image', 'tag', digest, `${name}:r3`])
  await docker(['image', 'tag', 'redis:7-alpine', `${name}:r4`])
  await docker(['container', 'create', '--name', name, digest])
  try {
    await removeTags([`${name}:gone`, `${name}:r4`, `${name}:r3`], 'with parents')
    expect(await names()).toEqual([digest])
  } finally {
    await docker(['container', 'rm', '--force', name])
  }
  await removeTags([digest], 'keep parents')
  expect(await names()).toEqual([])
})
