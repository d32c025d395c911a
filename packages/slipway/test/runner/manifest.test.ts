import { expect, test } from 'vitest'
import { contentName, readManifest, type Manifest } from '../../src/runner/manifest.ts'
import { SlipwayError } from '../../src/support/errors.ts'

const sha = 'a'.repeat(64)
const file = (path: string, change: object = {}) => ({
  kind: 'file',
  path,
  mode: 0o644,
  bytes: 3,
  sha256: sha,
  ...change,
})

test('the name tells the content, and nothing of the order in which it was read', () => {
  const one = readManifest({ entries: [file('a'), file('b/c')] })
  const other = readManifest({ entries: [file('b/c'), file('a')] })
  expect(contentName(one)).toBe(contentName(other))
  expect(contentName(one)).toMatch(/^[0-9a-f]{40}$/)
})

test.each<[string, Manifest['entries'][number]]>([
  ['content', file('a', { sha256: 'b'.repeat(64) }) as never],
  ['mode', file('a', { mode: 0o755 }) as never],
  ['path', file('A') as never],
  ['kind', { kind: 'link', path: 'a', target: 'x' }],
])('another %s has another name', (_what, entry) => {
  expect(contentName({ entries: [entry] })).not.toBe(contentName(readManifest({ entries: [file('a')] })))
})

test('two entries can not pass for one by their separators', () => {
  const one: Manifest = { entries: [{ kind: 'link', path: 'a', target: 'b","c' }] }
  const other: Manifest = { entries: [{ kind: 'link', path: 'a","b', target: 'c' }] }
  expect(contentName(one)).not.toBe(contentName(other))
})

test.each(['../escape', 'a/../../escape', '/etc/passwd', 'a//b', './a', 'a/.', '..', '', 'a\0b', 'x'.repeat(5000)])(
  '%j is no path inside the folder',
  path => {
    expect(() => readManifest({ entries: [file(path)] })).toThrow(SlipwayError)
  },
)

test.each(['--help', '$(touch x)', ';rm -rf x', 'ümlaut/日本', 'a\nb', ' ', '..a', 'a..'])(
  '%j is a path like any other',
  path => {
    expect(readManifest({ entries: [file(path)] }).entries[0]?.path).toBe(path)
  },
)

test('nothing is written through a link or a file', () => {
  const link = { kind: 'link', path: 'data', target: '/etc' }
  expect(() => readManifest({ entries: [link, file('data/passwd')] })).toThrow(/refused/)
  expect(() => readManifest({ entries: [file('data/deep/er'), file('data/deep')] })).toThrow(/refused/)
  expect(() => readManifest({ entries: [file('a'), file('a')] })).toThrow(/refused/)
})

test.each([
  ['no list', {}],
  ['null', null],
  ['a text', 'entries'],
  ['rubbish in it', { entries: [null] }],
  ['a negative size', { entries: [file('a', { bytes: -1 })] }],
  ['a size of a fraction', { entries: [file('a', { bytes: 0.5 })] }],
  ['setuid', { entries: [file('a', { mode: 0o4755 })] }],
  ['no hash', { entries: [file('a', { sha256: 'xyz' })] }],
  ['another kind', { entries: [file('a', { kind: 'device' })] }],
  ['a link to nowhere', { entries: [{ kind: 'link', path: 'a', target: '' }] }],
])('%s is refused', (_what, value) => {
  expect(() => readManifest(value)).toThrow(SlipwayError)
})
