import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { thorough } from '../sample.ts'
import { SeveralServers } from './several-servers.ts'

/** The power of one of two servers goes in the middle of a deployment with a breaking migration, in a hold. */
describe.runIf(thorough)('a server without power', () => {
  let two: SeveralServers

  beforeAll(async () => {
    two = await SeveralServers.create()
    await two.version(1)
    const first = await two.slipway('deploy', 'prod')
    expect(first.exitCode, first.stderr).toBe(0)
  }, 240_000)

  afterAll(() => two?.destroy())

  /** The power goes as soon as that server's journal of the deployment to this version holds these words. */
  const deployAndCrash = async (version: number, which: 'a' | 'b', words: string): Promise<string> => {
    // The worker takes so long that the decision is far from the word that the other server gives.
    await two.version(version, { workerSeconds: 8 })
    const deploying = two.start(['deploy', 'prod'])
    await two.journalSays(two[which], `d${version}`, words)
    await two.crash(two[which])
    const { exitCode, stderr } = await deploying.ended
    await two.atRest()
    return `exit ${exitCode}\n${stderr}`
  }

  const expectAll = async (version: number, said: string): Promise<void> => {
    const { releases, ...versions } = await two.versions()
    expect(versions, said).toEqual({ web: `${version}`, schema: `${version}`, worker: `${version}` })
    expect(new Set(releases).size, said).toBe(1)
  }

  test('one that follows, before it has given its word: all is old, also the data', async () => {
    const said = await deployAndCrash(2, 'a', '"step":"start","does"')
    await expectAll(1, said)
  })

  test('the one that decides, before it has: all is old, also the data', async () => {
    const said = await deployAndCrash(3, 'b', '"step":"migrate","does"')
    await expectAll(1, said)
  })

  test('one that follows, after its word: what is decided meanwhile, it does when it is back', async () => {
    const said = await deployAndCrash(4, 'a', '"prepared":true')
    await expectAll(4, said)
  })

  test('the one that decides, when it has: all is new', async () => {
    const said = await deployAndCrash(5, 'b', '"outcome":"switch"')
    await expectAll(5, said)
  })

  test('the next deployment goes out on both', async () => {
    await two.version(6)
    const next = await two.slipway('deploy', 'prod')
    expect(next.exitCode, next.stderr).toBe(0)
    await expectAll(6, next.stderr)
  })
})
