import { expect, test } from 'vitest'
import { fetchMeaning } from '../../src/source/git-failure.ts'

const tail =
  '\nfatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.\n'

test.each([
  [`git@github.com: Permission denied (publickey).${tail}`, 'LOGIN_REFUSED', /does not accept the key/],
  [`Host key verification failed.${tail}`, 'HOST_KEY_CHANGED', /another key than the pinned one/],
  [
    `No ED25519 host key is known for x and you have requested strict checking.\nHost key verification failed.${tail}`,
    'HOST_KEY_CHANGED',
    /another key/,
  ],
  [`ERROR: Repository not found.${tail}`, 'SOURCE_FAILED', /no such repository/],
  [`fatal: '/srv/git/gone.git' does not appear to be a git repository${tail}`, 'SOURCE_FAILED', /no such repository/],
  [
    "remote: Repository not found.\nfatal: repository 'https://github.com/a/b/' not found",
    'SOURCE_FAILED',
    /no such repository/,
  ],
  ["fatal: Authentication failed for 'https://github.com/a/b/'", 'LOGIN_REFUSED', /does not accept the login/],
  ["fatal: could not read Username for 'https://github.com': terminal prompts disabled", 'LOGIN_REFUSED', /wants one/],
  ['fatal: unable to access: The requested URL returned error: 403', 'LOGIN_REFUSED', /does not accept the login/],
  ["fatal: couldn't find remote ref refs/heads/gone", 'SOURCE_FAILED', /no branch main/],
  ['fatal: remote error: upload-pack: not our ref ffff', 'SOURCE_FAILED', /commit abcdef/],
  [`ssh: Could not resolve hostname x: Name or service not known${tail}`, 'SOURCE_FAILED', /leads to no address/],
  [`ssh: connect to host x port 22: Connection refused${tail}`, 'SOURCE_FAILED', /does not answer/],
  ['fatal: unable to access: SSL certificate problem: self-signed certificate', 'SOURCE_FAILED', /certificate/],
  [
    'fetch-pack: unexpected disconnect while reading sideband packet\nfatal: early EOF\nfatal: fetch-pack: invalid index-pack output',
    'SOURCE_FAILED',
    /connection to its host broke/,
  ],
  [`Timeout, server x not responding.${tail}`, 'SOURCE_FAILED', /connection to its host broke/],
  ['error: RPC failed; curl 28 Operation too slow. Less than 1000 bytes/sec', 'SOURCE_FAILED', /broke/],
  [tail, 'SOURCE_FAILED', /ended the connection before anything came/],
  ['fatal: write error: No space left on device\nfatal: early EOF', 'DISK_FULL', /disk is full/],
  ["fatal: transport 'ext' not allowed", 'SOURCE_FAILED', /start a program/],
])('%j', (printed, code, why) => {
  const meaning = fetchMeaning(printed, { branch: 'main', commit: 'abcdef0123456789' })
  expect(meaning).toMatchObject({ code, next: expect.any(String) as unknown })
  expect(meaning?.why).toMatch(why)
})

test('what nobody knows is not explained', () => {
  expect(fetchMeaning('fatal: something new', { branch: 'main' })).toBeUndefined()
})
