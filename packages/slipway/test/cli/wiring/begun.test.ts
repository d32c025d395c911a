import { expect, test } from 'vitest'
import { Begun } from '../../../src/cli/wiring/begun.ts'

test('a check that was begun counts once, and only for what it is of', async () => {
  const begun = new Begun<string>()
  const done: string[] = []
  const check = (of: string) => async () => void done.push(of)
  begun.begin('shop', check('shop'))
  await begun.outcome('other', check('other'))
  expect(done).toEqual(['shop', 'other'])
  await begun.outcome('shop', check('shop'))
  expect(done).toEqual(['shop', 'other'])
  await begun.outcome('shop', check('shop'))
  expect(done).toEqual(['shop', 'other', 'shop'])
})

test('a failure is heard by who asks for it, and by nobody else', async () => {
  const begun = new Begun<string>()
  const refused = () => Promise.reject(new Error('wrong password'))
  begun.begin('shop', refused)
  begun.begin('nobody asks', refused)
  await new Promise(resolve => setImmediate(resolve))
  await expect(begun.outcome('shop', async () => undefined)).rejects.toThrow('wrong password')
  await expect(begun.outcome('shop', async () => undefined)).resolves.toBeUndefined()
})
