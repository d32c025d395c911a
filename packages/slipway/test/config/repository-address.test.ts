import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseRepository } from '../../src/config/repository-address.ts'

test.each([
  ['git@github.com:acme/shop.git', { kind: 'ssh', user: 'git', host: 'github.com', port: 22 }],
  [
    'ssh://git@git.example.com:2222/srv/git/shop.git',
    { kind: 'ssh', user: 'git', host: 'git.example.com', port: 2222 },
  ],
  ['ssh://git@203.0.113.9/shop', { kind: 'ssh', user: 'git', host: '203.0.113.9', port: 22 }],
  ['https://github.com/acme/shop.git', { kind: 'https', host: 'github.com', port: 443 }],
  [
    'https://oauth2@gitlab.example.com:8443/a/b/shop',
    { kind: 'https', user: 'oauth2', host: 'gitlab.example.com', port: 8443 },
  ],
])('%s', (text, parts) => {
  expect(parseRepository(text)).toEqual({ text, ...parts })
})

test.each([
  '',
  'origin',
  '../remote.git',
  '/srv/git/shop.git',
  'file:///srv/git/shop.git',
  'http://github.com/acme/shop.git',
  'git://github.com/acme/shop.git',
  'ext::sh -c touch% /tmp/x',
  'https://ada:hunter22@github.com/acme/shop.git',
  'ssh://git:hunter22@github.com/acme/shop.git',
  '-oProxyCommand=touch',
  'git@-oProxyCommand=touch:x',
  'ssh://-oProxyCommand=touch/x',
  '-u@github.com:x',
  'git@github.com:--upload-pack=touch',
  'https://github.com/--upload-pack=touch',
  'git@github.com:acme/../../other.git',
  'git@github.com:../other.git',
  'https://github.com/acme/shop.git\nx',
  'https://github.com/$(touch x)',
  'https://github.com/`x`',
  "https://github.com/'x'",
  'https://github.com/a b',
  'https://github.com/a?x=1',
  'https://github.com/a#x',
  'https://github.com:0/a',
  'https://github.com:99999/a',
  'https://GITHUB.com/a',
  `https://github.com/${'a'.repeat(500)}`,
])('%j is none', text => {
  expect(parseRepository(text)).toBeUndefined()
})

test('whatever passes means the same to git: nothing of it is an option, a helper or a path of this machine', () => {
  const part = fc.string({ unit: fc.constantFrom(...Array.from("ab-.:/@~+%$;' \n=")), maxLength: 12 })
  const address = fc.oneof(
    fc.tuple(part, part).map(([host, path]) => `git@${host}:${path}`),
    fc.tuple(part, part).map(([host, path]) => `https://${host}/${path}`),
    fc.tuple(part, part).map(([host, path]) => `ssh://git@${host}/${path}`),
  )
  fc.assert(
    fc.property(address, text => {
      const found = parseRepository(text)
      if (found === undefined) return
      expect(text).toMatch(/^(https:\/\/|ssh:\/\/git@|git@)[a-z0-9]/)
      expect(text).not.toMatch(/[\s;$'`"\\]|::|\/\.\.\//)
    }),
  )
  const url = execFileSync('git', ['ls-remote', '--get-url', '--end-of-options', 'git@github.com:a/b.git'], {
    encoding: 'utf8',
  })
  expect(url.trim()).toBe('git@github.com:a/b.git')
})
