import { expect, test } from 'vitest'
import { unusableFile } from '../../src/secrets/unusable-file.ts'
import { SlipwayError } from '../../src/support/errors.ts'

test.each([
  ['EACCES', 'SECRETS_INVALID', 'this user may not'],
  ['EROFS', 'SECRETS_INVALID', 'read-only'],
  ['ENOSPC', 'DISK_FULL', 'the disk is full'],
  ['EIO', 'SECRETS_INVALID', 'the system says EIO'],
])('%s is an error of ours', (code, ours, why) => {
  const error = unusableFile('secrets/prod.yaml', 'written', Object.assign(new Error(code), { code }))
  expect(error).toMatchObject({ code: ours, message: 'secrets/prod.yaml can not be written' })
  expect((error as SlipwayError).why).toContain(why)
})

test('what is no error of the system stays what it is', () => {
  for (const error of [new Error('a fault of ours'), new SlipwayError('USAGE', 'No')])
    expect(unusableFile('x', 'read', error)).toBe(error)
})
