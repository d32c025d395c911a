import { createServer, type AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { listeningSockets, proveFree } from '../../src/edge/listeners.ts'

describe('proveFree', () => {
  it('names the port and the program that has it', async () => {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const refused = { code: 'PORT_IN_USE', why: expect.stringMatching(new RegExp(`pid ${process.pid}.* port ${port}`)) }
    await expect(proveFree({ host: '127.0.0.1', port })).rejects.toMatchObject(refused)
    await expect(proveFree({ host: '', port })).rejects.toMatchObject(refused)
    await new Promise(resolve => server.close(resolve))
    await expect(proveFree({ host: '127.0.0.1', port })).resolves.toBeUndefined()
    await expect(proveFree({ host: '', port })).resolves.toBeUndefined()
  })

  it('says so when the address is not this machine’s', async () => {
    await expect(proveFree({ host: '192.0.2.1', port: 8080 })).rejects.toMatchObject({
      code: 'EDGE_FAILED',
      why: '192.0.2.1 is not an address of this machine.',
    })
  })
})

describe('listeningSockets', () => {
  it('reads what listens on a port, and nothing else', () => {
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0000 100 0 0 10 0',
      '   1: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 4343 1 0000 20 4 30 10 -1',
      '   2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4444 1 0000 100 0 0 10 0',
    ].join('\n')
    expect(listeningSockets(table, 8080)).toEqual(['4242'])
    expect(listeningSockets(table, 80)).toEqual(['4444'])
    expect(listeningSockets('rubbish\n\n', 80)).toEqual([])
  })
})
