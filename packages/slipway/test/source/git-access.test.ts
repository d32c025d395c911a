import { expect, test } from 'vitest'
import { httpsSettings, settingVariables, sshVariables } from '../../src/source/git-access.ts'
import { serverOrigin } from '../../src/source/git-origin.ts'
import { fetchFailure } from '../../src/source/git-origin.ts'

const address = (text: string, more = {}) => ({
  text,
  kind: 'https' as const,
  host: 'git.example.com',
  port: 443,
  ...more,
})

test('a key is used at a pinned host alone, and nothing else that a machine has', () => {
  const { GIT_SSH_COMMAND: command } = sshVariables('/var/lib/x/deploy-key', '/tmp/x/hosts')
  for (const option of [
    "'-F' 'none'",
    "'StrictHostKeyChecking=yes'",
    "'UserKnownHostsFile=/tmp/x/hosts'",
    "'GlobalKnownHostsFile=/dev/null'",
    "'IdentityFile=/var/lib/x/deploy-key'",
    "'IdentitiesOnly=yes'",
    "'IdentityAgent=none'",
    "'BatchMode=yes'",
  ]) {
    expect(command).toContain(option)
  }
})

test('a path that means something to a shell stays one word', () => {
  expect(sshVariables("/a b/$(x)'", '/h')['GIT_SSH_COMMAND']).toContain(`'IdentityFile=/a b/$(x)'\\'''`)
})

test('a token is a header for one host, and no redirection takes it elsewhere', () => {
  const settings = httpsSettings(address('https://git.example.com/a.git'), 'ghp_secret')
  expect(settings).toContainEqual(['http.followRedirects', 'false'])
  expect(settings).toContainEqual(['credential.helper', ''])
  expect(settings).toContainEqual([
    'http.https://git.example.com/.extraHeader',
    `Authorization: Basic ${Buffer.from('x-access-token:ghp_secret').toString('base64')}`,
  ])
  const other = httpsSettings(address('https://oauth2@git.example.com:8443/a.git', { port: 8443, user: 'oauth2' }), 't')
  expect(other.find(([name]) => name.endsWith('extraHeader'))).toEqual([
    'http.https://git.example.com:8443/.extraHeader',
    `Authorization: Basic ${Buffer.from('oauth2:t').toString('base64')}`,
  ])
  expect(httpsSettings(address('https://git.example.com/a.git'), undefined).flat().join()).not.toContain(
    'Authorization',
  )
})

test('settings come after those that the environment has', () => {
  expect(settingVariables([['a.b', '1']], { GIT_CONFIG_COUNT: '2' })).toEqual({
    GIT_CONFIG_COUNT: '3',
    GIT_CONFIG_KEY_2: 'a.b',
    GIT_CONFIG_VALUE_2: '1',
  })
  expect(settingVariables([['a.b', '1']], { GIT_CONFIG_COUNT: 'rubbish' })['GIT_CONFIG_COUNT']).toBe('1')
  expect(settingVariables([], {})).toEqual({})
})

test('what git repeats of a token is not shown', () => {
  const token = 'ghp_0123456789abcdef'
  const origin = serverOrigin(address('https://git.example.com/a.git'), { token }, undefined)
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64')
  const stderr = `fatal: something with ${token} and ${basic}\n`
  const error = fetchFailure('x', origin, { branch: 'main' }, { exitCode: 128, stdout: '', stderr, timedOut: false })
  const shown = JSON.stringify([error.message, error.why, error.output, error.next])
  expect(shown).not.toContain(token)
  expect(shown).not.toContain(basic)
})
