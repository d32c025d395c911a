import { expect, test } from 'vitest'
import type { DatabaseRow } from '../../src/postgres/databases.ts'
import { belongsTo } from '../../src/postgres/left-behind.ts'
import { markerText } from '../../src/postgres/marker.ts'
import { decideSwap, swapSql } from '../../src/postgres/swap.ts'

const row = (name: string, comment: string | null = null): DatabaseRow => ({
  oid: 1,
  name,
  allowsConnections: true,
  comment,
})
const leftFor = (replacedBy: string, label = 'd1'): string =>
  markerText({ kind: 'left', of: 'app', label, at: '2026-01-01', replacedBy })

test('both there: swap', () => {
  expect(decideSwap([row('app', 'mine'), row('new')], 'app', 'new', 'd1')).toEqual({
    kind: 'swap',
    left: 'app__left_d1',
    liveExists: true,
    liveComment: 'mine',
  })
})

test('the replacement is gone and what was live is noted: done', () => {
  const databases = [row('app'), row('app__left_d1', leftFor('new'))]
  expect(decideSwap(databases, 'app', 'new', 'd1')).toEqual({ kind: 'done', left: 'app__left_d1' })
  expect(decideSwap(databases, 'app', 'other', 'd1').kind).toBe('impossible')
  expect(decideSwap(databases, 'app', 'new', 'd2').kind).toBe('impossible')
})

test('the live one is gone: the replacement still takes its name', () => {
  const decided = decideSwap([row('new')], 'app', 'new', 'd1')
  expect(decided).toMatchObject({ kind: 'swap', liveExists: false })
  expect(decided.kind === 'swap' && swapSql('app', 'new', decided, 'x')).not.toContain('rename to "app__left')
})

test('a replacement whose name would be the next left one keeps it until it has moved', () => {
  const databases = [row('app'), row('app__left_d1', leftFor('app__restored_d1'))]
  expect(decideSwap(databases, 'app', 'app__left_d1', 'd1')).toMatchObject({ kind: 'swap', left: 'app__left_d1_2' })
})

test('nothing to swap with: impossible', () => {
  expect(decideSwap([row('app')], 'app', 'new', 'd1').kind).toBe('impossible')
  expect(decideSwap([row('app')], 'app', 'app', 'd1').kind).toBe('impossible')
})

test('a marker never becomes the comment of the live database', () => {
  expect(decideSwap([row('app', leftFor('x')), row('new')], 'app', 'new', 'd1')).toMatchObject({ liveComment: null })
})

test('one transaction, and the old one goes before the new one comes', () => {
  const decided = { kind: 'swap', left: 'app__left_d1', liveExists: true, liveComment: "it's" } as const
  expect(swapSql('app', 'n"', decided, 'why').split('\n')).toEqual([
    'begin;',
    'alter database "app" rename to "app__left_d1";',
    `comment on database "app__left_d1" is 'why';`,
    'alter database "n""" rename to "app";',
    `comment on database "app" is 'it''s';`,
    'alter database "app" allow_connections true;',
    'commit;',
  ])
})

test('only what Slipway made for this database belongs to it', () => {
  expect(belongsTo('app', row('whatever', leftFor('x')))).toBe(true)
  expect(belongsTo('app', row('app', leftFor('x')))).toBe(false)
  expect(belongsTo('other', row('other__left_d1', leftFor('x')))).toBe(false)
  expect(belongsTo('app', row('app__before_d1'))).toBe(true)
  expect(belongsTo('app', row('app__before_d1', 'the archive of a person'))).toBe(false)
  expect(belongsTo('app', row('app__left_d1'))).toBe(false)
})
