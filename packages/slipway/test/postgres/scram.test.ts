import { expect, test } from 'vitest'
import { scramVerifier } from '../../src/postgres/scram.ts'

test('is what RFC 7677 says of its example', () => {
  expect(scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'))).toBe(
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  )
})

test('is another each time, for the same password', () => {
  expect(scramVerifier('pencil')).not.toBe(scramVerifier('pencil'))
})

test.each(['', 'pä', 'a\nb', 'a\0b', '\u{1f600}'])('refuses what would have to be normalised first: %j', password => {
  expect(() => scramVerifier(password)).toThrow('can not be given to the database')
})
