import { afterEach, expect, test } from 'vitest'
import { type HandedOver, handOver, takenOver, takeOver } from '../../src/secrets/handed-over.ts'
import { holder, owner, secretsOf } from './keys.ts'

afterEach(() => takeOver(undefined))

/** As it travels: as JSON. */
const travelled = (handed: HandedOver): HandedOver => JSON.parse(JSON.stringify(handed)) as HandedOver
const file = 'secrets/prod.yaml'

test('what was handed over is what the file holds, byte by byte, and takes no key', async () => {
  const open = await secretsOf([await holder('ada')], { TOKEN: 'one\n', EMPTY: '' })
  takeOver(travelled(handOver(open)))
  const taken = takenOver(open.sealed, file, owner)
  expect([...(taken?.values ?? [])].map(([name, value]) => [name, Buffer.from(value).toString()])).toEqual([
    ['EMPTY', ''],
    ['TOKEN', 'one\n'],
  ])
  expect(taken?.keys.map(key => Buffer.from(key).toString('hex'))).toEqual(
    open.keys.map(key => Buffer.from(key).toString('hex')),
  )
})

test('what the file does not know is not taken', async () => {
  const open = await secretsOf([await holder('ada')], { TOKEN: 'one' })
  const handed = travelled(handOver(open))
  takeOver({ ...handed, values: { ...handed.values, MORE: 'eA==' } })
  expect([...(takenOver(open.sealed, file, owner)?.values.keys() ?? [])]).toEqual(['TOKEN'])
})

test('without it there is nothing to take', async () => {
  const open = await secretsOf([await holder('ada')], { TOKEN: 'one' })
  expect(takenOver(open.sealed, file, owner)).toBeUndefined()
})

test.each([
  ['another value', (handed: HandedOver) => ({ ...handed, values: { TOKEN: 'b3RoZXI=' } })],
  ['no values', (handed: HandedOver) => ({ ...handed, values: {} })],
  ['another seal', (handed: HandedOver) => ({ ...handed, sealKeys: `${Buffer.alloc(32).toString('base64')}\n` })],
])('%s than the file holds is refused', async (_what, changed) => {
  const open = await secretsOf([await holder('ada')], { TOKEN: 'one' })
  takeOver(changed(travelled(handOver(open))))
  expect(() => takenOver(open.sealed, file, owner)).toThrow(expect.objectContaining({ code: 'SECRETS_TAMPERED' }))
})

test('those of another environment are refused', async () => {
  const open = await secretsOf([await holder('ada')], { TOKEN: 'one' })
  takeOver(handOver(open))
  expect(() => takenOver(open.sealed, file, { ...owner, environment: 'staging' })).toThrow(/is not as it was sealed/)
})
