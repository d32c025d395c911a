import { expect, test } from 'vitest'
import fc from 'fast-check'
import { MarkedOutput } from '../../src/postgres/marked-output.ts'

const marker = '0123456789abcdef0123456789abcdef'

test('any answer in any pieces is read whole, and only the marker ends it', () => {
  const pieces = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 })
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), pieces, (answer, sizes) => {
      const text = answer.replaceAll(/\p{Surrogate}/gu, '')
      const bytes = Buffer.from(`${text}${marker}\n`)
      const output = new MarkedOutput(marker)
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        expect(output.complete).toBe(false)
        const size = sizes[turn % sizes.length] ?? 1
        output.add(bytes.subarray(at, at + size))
        at += size
      }
      expect(output.complete).toBe(true)
      expect(output.text()).toBe(text)
    }),
  )
})

test('what only looks like the marker ends nothing', () => {
  const output = new MarkedOutput(marker)
  for (const text of [`${marker.slice(0, -1)}0\n`, `${marker} \n`, `${marker}\nmore\n`, marker]) {
    output.add(Buffer.from(text))
    if (text.endsWith('more\n') || text === marker) expect(output.complete).toBe(false)
  }
  expect(output.complete).toBe(false)
  output.add(Buffer.from('\n'))
  expect(output.complete).toBe(true)
})
