import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Situation } from '../../../src/servers/setup/topic.ts'
import { publishedPrelude, publishedScript } from '../../../src/servers/setup/topics/firewall-published.ts'
import { hostileSituation, machine } from './situations.ts'

// The real script, in a folder in the place of /etc/ufw.
let folder: string

const shipped = '# rules of the distribution\n*filter\n:ufw-after-input - [0:0]\nCOMMIT\n'

beforeEach(() => {
  folder = mkdtempSync('/tmp/slipway-published-')
  mkdirSync(join(folder, 'run'))
  mkdirSync(join(folder, 'etc/ufw'), { recursive: true })
  for (const name of ['after', 'after6']) writeFileSync(join(folder, `etc/ufw/${name}.rules`), shipped)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const project = (app: string, openPorts: number[] = [], neighbours: string[] = []): Situation => ({
  ...machine,
  wishes: { ...machine.wishes, app, openPorts, neighbours },
})
const shop = project('shop', [3000])

describe('what containers show', () => {
  test('the ports that were asked for, by their number on the server', () => {
    setUp(shop)
    expect(allowed()).toEqual(['tcp 3000', 'tcp 443', 'tcp 80', 'udp 443'])
    expect(allowed('after6')).toEqual(allowed())
  })

  test('nothing else: every way to a container ends in DROP, after what is allowed', () => {
    setUp(shop)
    const rules = chain()
    const at = (part: string): number => rules.findIndex(rule => rule.includes(part))
    expect(rules.filter(rule => rule.endsWith('-j DROP'))).toHaveLength(3)
    expect(at('--ctstate DNAT -j DROP')).toBeGreaterThan(at('--ctorigdstport 80'))
    expect(rules.at(-1)).toBe('-A DOCKER-USER -j RETURN')
    expect(at('RELATED,ESTABLISHED')).toBe(0)
  })

  test('of several servers, the ways to the database to the others alone, each in its own family', () => {
    setUp(project('shop', [], ['10.0.0.3', 'FD00:0:0::3', 'no address']))
    const way = (file: string): string[] => chain(file).filter(rule => rule.includes('25432:25931'))
    const rest = '-p tcp -m conntrack --ctorigdstport 25432:25931 -j RETURN'
    expect(way('after')).toEqual([`-A DOCKER-USER -s 10.0.0.3/32 ${rest}`])
    expect(way('after6')).toEqual([`-A DOCKER-USER -s fd00::3/128 ${rest}`])
  })

  test('what another project on the server lets in, as long as that one wants it', () => {
    setUp(project('shop', [3000], ['10.0.0.3']))
    setUp(project('blog', [8080]))
    expect(allowed()).toEqual(['tcp 25432:25931', 'tcp 3000', 'tcp 443', 'tcp 80', 'tcp 8080', 'udp 443'])
    setUp(project('shop'))
    expect(allowed()).toEqual(['tcp 443', 'tcp 80', 'tcp 8080', 'udp 443'])
  })

  test('is foretold by what is written into the files', () => {
    setUp(project('blog', [8080]))
    const foretold = run(shop, 'published_rules 4').trim().split('\n')
    setUp(shop)
    expect(chain()).toEqual(foretold)
  })

  test('the rest of the files stays, and a second time changes nothing', () => {
    setUp(shop)
    const once = readFileSync(join(folder, 'etc/ufw/after.rules'), 'utf8')
    expect(once.startsWith(shipped)).toBe(true)
    setUp(shop)
    expect(readFileSync(join(folder, 'etc/ufw/after.rules'), 'utf8')).toBe(once)
  })

  test('no line that is no rule of a record gets into the chain, and no name becomes a command', () => {
    mkdirSync(join(folder, 'etc/ufw/slipway-published'))
    const record = '* -p tcp -j ACCEPT\nCOMMIT\n*nat\n7 -p tcp -j RETURN\n'
    writeFileSync(join(folder, 'etc/ufw/slipway-published/other'), record)
    setUp(project('shop'))
    expect(allowed()).toEqual(['tcp 443', 'tcp 80', 'udp 443'])
    setUp(hostileSituation)
    expect(existsSync(join(folder, 'marker'))).toBe(false)
  })
})

function setUp(situation: Situation): void {
  run(situation, `set -eu\n${publishedScript()}`)
}

function run(situation: Situation, script: string): string {
  const input = `umask 022\nexport LC_ALL=C\n${publishedPrelude(situation)}\n${script}\n`
  const here = input.replaceAll('/etc/ufw/', `${folder}/etc/ufw/`).replaceAll('/run/', `${folder}/run/`)
  return execFileSync('sh', ['-s'], { input: here, cwd: folder, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] })
}

function chain(file = 'after'): string[] {
  const text = readFileSync(join(folder, `etc/ufw/${file}.rules`), 'utf8')
  return text.split('\n').filter(line => line.startsWith('-A DOCKER-USER '))
}

/** Protocol and port. */
function allowed(file?: string): string[] {
  return chain(file)
    .flatMap(rule => {
      const found = /-p (\w+) .*--ctorigdstport (\S+) -j RETURN$/.exec(rule)
      return found === null ? [] : [`${found[1]} ${found[2]}`]
    })
    .toSorted()
}
