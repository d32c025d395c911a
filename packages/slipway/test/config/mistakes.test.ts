import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { formats } from '../../src/config/formats.ts'
import { listEnvironments, loadConfig } from '../../src/config/load.ts'
import { SlipwayError } from '../../src/support/errors.ts'
import { mistakes } from './mistakes.ts'
import { plainCompose, project } from './project.ts'

describe('every mistake is told with its place and its mend', () => {
  it.each(mistakes)('$name', async ({ yaml, expected }) => {
    const directory = project({ 'slipway.yaml': yaml, 'compose.yaml': plainCompose })
    const error = await failure(directory)
    expect(error.code).toBe('CONFIG_INVALID')
    expect(error.exitCode).toBe(2)
    const told = error.problems.map(({ line, column, message, mend }) => `${line}:${column} ${message} | ${mend}`)
    expect(told.map(line => line.replaceAll(directory, '<dir>'))).toEqual(expected)
    expect(new Set(error.problems.map(problem => problem.file))).toEqual(new Set([join(directory, 'slipway.yaml')]))
  })

  it('tells formats apart by their pattern', () => {
    const patterns = Object.values(formats).map(format => String(format.pattern))
    expect(new Set(patterns).size).toBe(patterns.length)
  })
})

async function failure(directory: string): Promise<SlipwayError> {
  const file = join(directory, 'slipway.yaml')
  try {
    const [first = ''] = await listEnvironments(file)
    await loadConfig(file, first)
  } catch (thrown) {
    if (thrown instanceof SlipwayError) return thrown
    throw thrown
  }
  throw new Error('it was taken for right')
}
