import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { armScript, guardFolder } from '../../../src/servers/setup/guard.ts'

// The real scripts, on a folder instead of the machine's /etc, with programs that would touch the machine stubbed.
let root: string

/** The order of these differs between the C locale and those of people. */
const old = ['ssh/sshd_config', 'ssh/ssh_host_rsa_key', 'ssh/Zoo', 'ssh/a b', 'ufw/after.rules', 'ufw/after6.rules']

const at = (path: string): string => join(root, 'etc', path)

beforeEach(() => {
  root = mkdtempSync('/tmp/slipway-guard-')
  for (const path of old) write(at(path), `old ${path}\n`)
  mkdirSync(at('systemd/system'), { recursive: true })
  for (const name of ['systemctl', 'ufw', 'fail2ban-client', 'sync']) stub(name, 'exit 0')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

test('goes back to what was, and to nothing else, although others sort in another order', () => {
  stub('sort', 'exec /usr/bin/sort -r "$@"')
  arm()
  rmSync(join(root, 'bin/sort'))
  write(at('ssh/sshd_config'), 'new\n')
  write(at('ssh/new.conf'), 'new\n')
  rmSync(at('ufw/after.rules'))
  revert()
  for (const path of old) expect(readFileSync(at(path), 'utf8')).toBe(`old ${path}\n`)
  expect(existsSync(at('ssh/new.conf'))).toBe(false)
  expect(existsSync(join(root, guardFolder, 'reverted'))).toBe(true)
})

test('where nothing was before, all goes', () => {
  rmSync(at('ssh'), { recursive: true })
  rmSync(at('ufw'), { recursive: true })
  arm()
  write(at('ssh/new.conf'), 'new\n')
  revert()
  expect(existsSync(at('ssh/new.conf'))).toBe(false)
})

test('without a list nothing goes', () => {
  arm()
  rmSync(join(root, guardFolder, 'saved/list'))
  write(at('ssh/new.conf'), 'new\n')
  revert()
  for (const path of [...old, 'ssh/new.conf']) expect(existsSync(at(path))).toBe(true)
})

function arm(): void {
  const script = armScript(60).replaceAll('/etc/', `${root}/etc/`).replaceAll(guardFolder, `${root}${guardFolder}`)
  expect(run(['-s'], script)).toBe('armed\n')
}

function revert(): void {
  run([join(root, guardFolder, 'saved/revert.sh')], '')
}

function run(argv: readonly string[], input: string): string {
  const env = { ...process.env, PATH: `${root}/bin:${process.env['PATH'] ?? ''}` }
  return execFileSync('sh', argv, { input, env, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] })
}

function stub(name: string, script: string): void {
  write(join(root, 'bin', name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(root, 'bin', name), 0o755)
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
