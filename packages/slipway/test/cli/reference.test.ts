import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { commands } from '../../src/cli/catalogue.ts'
import { referenceDocuments } from '../../src/cli/reference/documents.ts'
import { errorCatalogue, exitCodes } from '../../src/support/errors.ts'

const root = join(import.meta.dirname, '../../../..')
const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8')

describe('codes, documents and exit codes are one', () => {
  test.each(Object.keys(referenceDocuments()))('%s is as the code says (npm run docs)', async path => {
    expect(await read(path)).toBe(referenceDocuments()[path])
  })

  test('every error of the catalogue is documented with its exit code, and no other', async () => {
    const rows = [...(await read('docs/reference/errors.md')).matchAll(/^\| `([A-Z_]+)` \| (\d+) \|/gm)]
    expect(Object.fromEntries(rows.map(([, code, exit]) => [code, Number(exit)]))).toEqual(
      Object.fromEntries(Object.entries(errorCatalogue).map(([code, { exit }]) => [code, exit])),
    )
  })

  test('every exit code is documented with exactly its errors', async () => {
    const rows = [...(await read('docs/reference/exit-codes.md')).matchAll(/^\| (\d+) \| [^|]+ \| ([^|]*) \|$/gm)]
    expect(new Set(rows.map(([, exit]) => Number(exit)))).toEqual(new Set(Object.values(exitCodes)))
    for (const [, exit, codes = ''] of rows) {
      const documented = [...codes.matchAll(/[A-Z_]+/g)].map(([code]) => code)
      const raised = Object.entries(errorCatalogue).filter(([, error]) => error.exit === Number(exit))
      expect(documented).toEqual(raised.map(([code]) => code))
    }
  })

  test('commands name only exit codes of the contract', () => {
    for (const command of commands) {
      for (const exit of Object.keys(command.exits)) expect(Object.values(exitCodes)).toContain(Number(exit))
    }
  })

  test('every command has examples that are of itself', () => {
    for (const command of commands) {
      expect(command.examples.length).toBeGreaterThan(0)
      for (const example of command.examples) expect(example.run).toContain(`slipway ${command.name}`)
    }
  })
})
