import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { thorough } from '../sample.ts'
import { TestServer, within } from './lab.ts'
import { armed, getsIn, insteadOfTheProof, lockOuts, sabotaged, setUp, state, type LockOut } from './lock-outs.ts'

// On a server that is set up; a run that is not thorough takes its sample in set-up.test.ts.
let server: TestServer

/** Long enough for what is done under it on a busy machine. */
const guardSeconds = 10

describe.runIf(thorough)('when a step keeps everybody out', () => {
  beforeAll(async () => {
    server = await TestServer.start({ docker: true })
    const connection = await server.logIn('root')
    await setUp(server, connection)
    await connection.close()
  })
  afterAll(() => server?.stop())

  test.each(lockOuts)('$what: set-up fails, and one gets in as before', async lockOut => {
    const before = await state(server)
    const connection = await server.logIn()
    const topics = [await sabotaged(server, lockOut, connection)]
    await expect(setUp(server, connection, { topics })).rejects.toMatchObject({ code: 'SETUP_FAILED' })
    await connection.close()
    // Where not even this connection can put it back any more, the server's clock does, after a minute.
    expect(await within(90_000, backToBefore)).toBe(true)
    expect(await state(server)).toEqual(before)
  })

  test.each(lockOuts)('$what, and whoever set it up is gone: the server helps itself', async lockOut => {
    const before = await state(server)
    const connection = await server.logIn()
    const topics = [await sabotaged(server, lockOut, connection)]
    const proveLogin = insteadOfTheProof(server, () => connection.close())
    await expect(setUp(server, connection, { guardSeconds, topics, proveLogin })).rejects.toThrow()
    expect(await within((guardSeconds + 15) * 1000, backToBefore)).toBe(true)
    expect(await state(server)).toEqual(before)
  })

  test('a power cut while the way back is armed does not disarm it', async () => {
    const before = await state(server)
    const connection = await server.logIn()
    const topics = [await sabotaged(server, lockOuts[0] as LockOut, connection)]
    const proveLogin = insteadOfTheProof(server, () => server.lab.crash())
    await expect(setUp(server, connection, { guardSeconds, topics, proveLogin })).rejects.toThrow()
    await connection.close()
    expect(await within((guardSeconds + 20) * 1000, backToBefore)).toBe(true)
    expect(await state(server)).toEqual(before)
  })

  test('a set-up that was cut off is settled by the next one, and not undone later', async () => {
    await server.inside('rm /etc/ssh/sshd_config.d/00-slipway.conf; systemctl reload ssh')
    const cut = await server.logIn()
    const proveLogin = insteadOfTheProof(server, () => cut.close())
    await expect(setUp(server, cut, { guardSeconds: 30, proveLogin })).rejects.toThrow()
    expect(await armed(server)).toBe(true)
    const connection = await server.logIn()
    const { findings } = await setUp(server, connection)
    await connection.close()
    expect(findings.filter(({ state: each }) => each === 'pending')).toEqual([])
    expect(await armed(server)).toBe(false)
  })

  test('a change that is proven stays, and nothing of the way back is left', async () => {
    const connection = await server.logIn()
    await server.inside('rm /etc/ssh/sshd_config.d/00-slipway.conf; systemctl reload ssh')
    const { changed } = await setUp(server, connection, { guardSeconds })
    await connection.close()
    expect(changed.length).toBeGreaterThan(5)
    await new Promise(resolve => setTimeout(resolve, (guardSeconds + 2) * 1000))
    expect(await server.inside('ls /etc/ssh/sshd_config.d/')).toContain('00-slipway.conf')
    expect(await server.inside('ls /etc/systemd/system | grep -c slipway- || true')).toBe('0')
  })
})

async function backToBefore(): Promise<boolean> {
  return (await getsIn(server)) && !(await armed(server))
}
