import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const source = join(import.meta.dirname, '../../src')

test('no time limit is measured by the clock on the wall, which a person or NTP may set', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))
  expect(files.length).toBeGreaterThan(100)
  const measured = files.filter(name => /\bDate\.now\(/.test(readFileSync(join(source, name), 'utf8')))
  expect(measured.filter(name => !agesOfFiles.includes(name))).toEqual([])
})

/** When a file was written is told by no other clock. */
const agesOfFiles = ['runner/runs.ts', 'runner/uploads.ts']
