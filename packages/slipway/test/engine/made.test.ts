import { expect, test } from 'vitest'
import type { ComposeDocument, ComposeService } from '../../src/config/document.ts'
import { dependsOnNone, startsAsMade } from '../../src/engine/made.ts'

function document(api: ComposeService, more: Partial<ComposeDocument> = {}): ComposeDocument {
  return { services: { api, other: {} }, ...more }
}

test('containers that only have to be started are', () => {
  expect(dependsOnNone(document({ depends_on: {} }), ['api', 'other', 'unknown'])).toBe(true)
  expect(dependsOnNone(document({ depends_on: { other: {} } }), ['other'])).toBe(true)
  expect(dependsOnNone(document({ depends_on: { other: {} } }), ['api', 'other'])).toBe(false)
  expect(startsAsMade(document({}), ['api'])).toBe(true)
  expect(startsAsMade(document({}, { secrets: { token: { file: '/srv/token' } } }), ['api', 'other'])).toBe(true)
})

test.each<[string, ComposeDocument]>([
  ['has something run in it then', document({ post_start: [{ command: ['warm-up'] }] })],
  ['takes a file that is in the document', document({}, { configs: { motd: { content: 'hello' } } })],
  ['takes a secret from a variable', document({}, { secrets: { token: { environment: 'TOKEN' } } })],
])('one that %s is started by Compose', (_name, each) => {
  expect(startsAsMade(each, ['api'])).toBe(false)
})
