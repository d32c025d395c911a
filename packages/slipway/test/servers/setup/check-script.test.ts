import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkScript, readFindings } from '../../../src/servers/setup/check-script.ts'
import type { Topic } from '../../../src/servers/setup/topic.ts'
import { topics } from '../../../src/servers/setup/topics.ts'
import { container, hostileSituation, machine } from './situations.ts'

const topic: Topic = {
  id: 'tea',
  title: 'Tea',
  risk: 'none',
  prelude: () => 'cups=3',
  script: () => '',
  controls: [
    { id: 'tea.cups', title: '', why: '', found: 'echo $cups', wanted: '3' },
    { id: 'tea.milk', title: '', why: '', found: 'echo no; exit 7', wanted: 'yes' },
    { id: 'tea.lines', title: '', why: '', found: 'printf "one\\n two\\n\\033[31m"', wanted: 'one two ?[31m' },
    { id: 'tea.pot', title: '', why: '', found: 'cd /nowhere && echo there', wanted: 'there', inContainer: 'host' },
  ],
}

describe('asking a real shell', () => {
  const run = (script: string): string => execFileSync('sh', ['-s'], { input: script, encoding: 'utf8' })

  test('each control gets its own answer, and one that fails does not end the others', () => {
    const findings = readFindings(run(checkScript([topic], machine)), [topic], machine)
    expect(findings?.map(({ id, state, found }) => [id, state, found])).toEqual([
      ['tea.cups', 'as wanted', '3'],
      ['tea.milk', 'pending', 'no'],
      ['tea.lines', 'as wanted', 'one two ?[31m'],
      ['tea.pot', 'pending', ''],
    ])
  })

  test('in a container what is the host’s is not asked', () => {
    const script = checkScript([topic], container)
    expect(script).not.toContain('tea.pot')
    expect(readFindings(run(script), [topic], container)?.at(-1)?.state).toBe('left to the host')
  })

  test('answers that were cut off are no answers', () => {
    const whole = run(checkScript([topic], machine))
    for (let length = 0; length < whole.length; length += 1) {
      expect(readFindings(whole.slice(0, length), [topic], machine)).toBeUndefined()
    }
  })

  test('hostile values run nothing', () => {
    const folder = mkdtempSync('/tmp/slipway-check-')
    try {
      const asked = topics.filter(({ id }) => ['user', 'folders'].includes(id))
      execFileSync('sh', ['-s'], { input: checkScript(asked, hostileSituation), cwd: folder, stdio: 'pipe' })
      expect(existsSync(join(folder, 'marker'))).toBe(false)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

test('whatever a server answers, findings are one line each, without control characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 4000 }), answer => {
      const printed = `\u001etea.cups\u001f${answer}\u001eend\u001f`
      for (const { found } of readFindings(printed, [topic], machine) ?? []) {
        expect(found).not.toMatch(/\p{Cc}/u)
        expect(found.length).toBeLessThanOrEqual(2000)
      }
    }),
  )
})
