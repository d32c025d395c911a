import { expect, test } from 'vitest'
import { proveClocksAgree } from '../../../src/cli/remote/clocks.ts'

const server = { name: 'vps', host: 'h', user: 'deploy', port: 22, home: '/var/lib/slipway' }
const prove = (now: string) => () => proveClocksAgree({ version: '1', now }, new Date('2026-11-21T12:00:00Z'), server)

test.each(['2026-11-21T12:01:59Z', '2026-11-21T11:58:01Z'])('%s is near enough', now => {
  expect(prove(now)).not.toThrow()
})

test.each(['2026-11-21T12:02:01Z', '2026-11-21T11:00:00Z', '1970-01-01T00:00:00Z', '2026-11-22T12:00:00Z', 'rubbish'])(
  '%s is not',
  now => {
    expect(prove(now)).toThrow(expect.objectContaining({ code: 'CLOCK_WRONG', exitCode: 1 }))
  },
)
