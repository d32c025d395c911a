import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { aptFunctions } from '../../../src/servers/setup/apt-functions.ts'
import { checkScript, readFindings } from '../../../src/servers/setup/check-script.ts'
import { armScript, disarmScript, revertNowScript } from '../../../src/servers/setup/guard.ts'
import { resolved } from '../../../src/servers/setup/topic.ts'
import { hardeningTopics, topics } from '../../../src/servers/setup/topics.ts'
import { container, hostileSituation, machine } from './situations.ts'

const situations = { machine, container, 'hostile values': hostileSituation }

describe.each(Object.entries(situations))('on a %s', (_, situation) => {
  test.each(topics.map(topic => [topic.id, topic] as const))('the script of %s is POSIX sh', (_id, topic) => {
    const prelude = topic.prelude?.(situation) ?? ''
    expect(parse(`${aptFunctions}\n${prelude}\n${topic.script(situation)}`)).toBe('')
  })

  test('the check is POSIX sh', () => {
    expect(parse(checkScript(topics, situation))).toBe('')
  })
})

describe('the controls', () => {
  const controls = topics.flatMap(topic => topic.controls.map(control => ({ topic, control })))

  test('are more than fifty, with names of their own', () => {
    expect(controls.length).toBeGreaterThan(50)
    expect(new Set(controls.map(({ control }) => control.id)).size).toBe(controls.length)
    for (const { control } of controls) expect(control.id).toMatch(/^[a-z0-9-]+\.[A-Za-z0-9._-]+$/)
  })

  test('say what they want, and why, in a sentence', () => {
    for (const { control } of controls) {
      expect(control.why).toMatch(/^[A-Z].*\.$/)
      expect(control.title).toMatch(/^[^.]+$/)
      expect(resolved(control.wanted, machine)).not.toBe('')
    }
  })

  test('whatever can keep somebody out is guarded, and comes last', () => {
    const risky = topics.filter(topic => topic.risk === 'login').map(topic => topic.id)
    expect(risky).toEqual(['fail2ban', 'firewall', 'ssh'])
    expect(topics.slice(-3).map(topic => topic.id)).toEqual(risky)
    expect(topics.find(topic => topic.id === 'user')?.risk).toBe('first login')
  })

  test('hardening never installs or restarts Docker', () => {
    for (const topic of hardeningTopics) {
      expect(topic.script(machine)).not.toMatch(/docker(-ce|\.io|\.service)/)
    }
  })

  test('a container leaves to its host what is the host’s', () => {
    const kernel = topics.find(topic => topic.id === 'kernel')
    expect(kernel?.script(machine)).toContain('vm.swappiness = 10')
    expect(kernel?.script(container)).not.toMatch(/^(kernel|vm|fs)\./m)
    expect(checkScript(topics, container)).not.toMatch(/swap\.there|time\.synchronised|sysctl\.vm/)
    expect(checkScript(topics, machine)).toMatch(/swap\.there/)
  })

  test('where no swap is wanted there is no control of it, and nothing is made', () => {
    const without = { ...machine, wishes: { ...machine.wishes, swapMegabytes: 0 } }
    const swap = topics.filter(topic => topic.id === 'swap')
    expect(checkScript(swap, without)).not.toContain('swap.there')
    expect(readFindings('\u001eswap.there\u001fyes\n\u001eend\u001f', swap, without)).toEqual([])
    expect(swap.map(topic => topic.script(without))).toEqual([''])
  })
})

test.each([
  ['arm', armScript(120)],
  ['disarm', disarmScript],
  ['revert now', revertNowScript],
])('the script that is to %s is POSIX sh', (_, script) => {
  expect(parse(script)).toBe('')
})

test('the script that goes back, inside the one that arms it, is POSIX sh', () => {
  const inner = armScript(120).split("cat > revert.sh <<'END'\n")[1]?.split('\nEND\n')[0] ?? ''
  expect(inner).toContain('tar --extract')
  expect(parse(inner)).toBe('')
})

/** What the shell has to say of a script that it only reads. */
function parse(script: string): string {
  try {
    execFileSync('sh', ['-n'], { input: script, stdio: 'pipe' })
    return ''
  } catch (error) {
    return String(error)
  }
}
