import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Situation } from '../../../src/servers/setup/topic.ts'
import { ownedPrelude, ownedScript, wantedRules } from '../../../src/servers/setup/topics/firewall-owned.ts'
import { machine } from './situations.ts'

// The real script on a UFW that only keeps its rules, as the real one writes and takes them.
let folder: string

const ufw = `#!/bin/sh
rules=$(dirname "$0")/rules
case "$1 $2" in
  'show added') cat "$rules" ;;
  'allow proto')
    if [ "$5" = any ]; then rule="$9/$3"; else rule="from $5 to any port $9 proto $3"; fi
    for comment do :; done
    grep -vF "ufw allow $rule comment" "$rules" > "$rules.new"
    echo "ufw allow $rule comment '$comment'" >> "$rules.new"; mv "$rules.new" "$rules" ;;
  '--force delete') shift 3; grep -vF "ufw allow $* comment" "$rules" > "$rules.new"; mv "$rules.new" "$rules" ;;
  *) exit 9 ;;
esac
`

beforeEach(() => {
  folder = mkdtempSync('/tmp/slipway-owned-')
  mkdirSync(join(folder, 'run'))
  writeFileSync(join(folder, 'ufw'), ufw)
  chmodSync(join(folder, 'ufw'), 0o755)
  writeFileSync(join(folder, 'rules'), '')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const project = (app: string, adminAddresses: string[], openPorts: number[] = []): Situation => ({
  ...machine,
  wishes: { ...machine.wishes, app, adminAddresses, openPorts },
})
const ssh = (from: string): string => `from ${from} to any port 22 proto tcp`
const web = ['443/tcp', '443/udp', '80/tcp']

test('a second project leaves the way in of the first alone', () => {
  setUp(project('shop', ['203.0.113.0/24']))
  setUp(project('blog', ['198.51.100.7']))
  expect(rules()).toEqual([...web, ssh('198.51.100.7'), ssh('203.0.113.0/24')])
  expect(own(project('shop', ['203.0.113.0/24']))).toEqual(wantedRules(project('shop', ['203.0.113.0/24'])))
  expect(own(project('blog', ['198.51.100.7']))).toEqual(wantedRules(project('blog', ['198.51.100.7'])))
})

test('what an app itself does not want any more goes, but for what another one wants too', () => {
  setUp(project('shop', ['203.0.113.0/24', '192.0.2.1'], [8080, 3000]))
  setUp(project('blog', ['203.0.113.0/24'], [8080]))
  setUp(project('shop', ['192.0.2.9']))
  expect(rules()).toEqual([...web, '8080/tcp', ssh('192.0.2.9'), ssh('203.0.113.0/24')].toSorted())
})

test('what somebody let in before rules were written down stays, and so does what a person made', () => {
  const before = [`ufw allow ${ssh('203.0.113.0/24')} comment 'slipway SSH'`, 'ufw allow 5432']
  writeFileSync(join(folder, 'rules'), `${before.join('\n')}\n`)
  setUp(project('blog', ['198.51.100.7']))
  expect(readFileSync(join(folder, 'rules'), 'utf8').split('\n')).toEqual(expect.arrayContaining(before))
})

test('a rule that was made before a set-up was cut off is known again', () => {
  const [made = ''] = ownedScript(project('shop', ['192.0.2.1'])).split('ufw_own |')
  run(project('shop', ['192.0.2.1']), `set -eu\n${made}`)
  setUp(project('shop', ['192.0.2.9']))
  expect(rules()).toEqual([...web, ssh('192.0.2.9')])
})

function setUp(situation: Situation): void {
  run(situation, `set -eu\n${ownedScript(situation)}`)
}

function own(situation: Situation): string[] {
  return lines(run(situation, 'ufw_own')).toSorted()
}

function run(situation: Situation, script: string): string {
  const input = `umask 022\nexport LC_ALL=C\n${ownedPrelude(situation)}\n${script}\n`
  const here = input.replaceAll('/etc/ufw/', `${folder}/etc/ufw/`).replaceAll('/run/', `${folder}/run/`)
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` }
  return execFileSync('sh', ['-s'], { input: here, env, encoding: 'utf8' })
}

function rules(): string[] {
  const all = lines(readFileSync(join(folder, 'rules'), 'utf8'))
  return all.map(line => line.replace(/^ufw allow (.*) comment '.*'$/, '$1')).toSorted()
}

function lines(text: string): string[] {
  return text.split('\n').filter(line => line !== '')
}
