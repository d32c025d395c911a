import { expect, test } from 'vitest'
import { onlyFailedLines } from '../../src/postgres/failed-migration.ts'

const state = (catalog: Record<string, string>) => ({ catalog, fingerprint: JSON.stringify(catalog) })
const before = state({ 'table public.a': '{}' })
const failed = { 'ledger "public"."_prisma_migrations" 2026_x 17': '"failed"' }

test('a failed line of Prisma, in whatever schema, and nothing else', () => {
  expect(onlyFailedLines(before, state({ ...before.catalog, ...failed }))).toEqual(['public'])
  const odd = { 'ledger "My ""App"."_prisma_migrations" 2026_x 17': '"failed"' }
  expect(onlyFailedLines(before, state({ ...before.catalog, ...odd }))).toEqual(['My "App'])
})

test.each([
  ['something of the schema came', { ...failed, 'table public.b': '{}' }],
  ['a migration was applied', { 'ledger "public"."_prisma_migrations" 2026_x 17': '"applied"' }],
  ['a line of another migrator came', { 'ledger "public"."pgmigrations" x': '"failed"' }],
])('not when %s', (_name, more) => {
  expect(onlyFailedLines(before, state({ ...before.catalog, ...more }))).toBeUndefined()
})

test('not when something went, or a line changed', () => {
  expect(onlyFailedLines(before, state({ ...failed }))).toBeUndefined()
  const applied = state({ 'ledger "public"."_prisma_migrations" 2026_x 17': '"applied"' })
  expect(onlyFailedLines(applied, state({ ...failed }))).toBeUndefined()
})
