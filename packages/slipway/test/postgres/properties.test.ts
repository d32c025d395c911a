import { describe, expect, test } from 'vitest'
import { createFromScratchSql } from '../../src/postgres/create-database.ts'
import { copyPropertiesSql, splitNames, type DatabaseProperties } from '../../src/postgres/properties.ts'
import { createCopySql } from '../../src/postgres/snapshot.ts'

const plain: DatabaseProperties = {
  owner: 'o"w',
  connectionLimit: -1,
  encoding: 'UTF8',
  collate: "C'",
  ctype: 'C',
  tablespace: 'pg_default',
  grants: null,
  settings: [],
  row: {},
  version: 150000,
}

test.each([
  ['"$user", public', ['$user', 'public']],
  ['public', ['public']],
  ['"a, ""b""",c', ['a, "b"', 'c']],
  ['""', ['']],
  ['', []],
])('the list %j', (list, names) => expect(splitNames(list)).toEqual(names))

describe('copied properties', () => {
  test('built-in rights are left alone', () => {
    expect(copyPropertiesSql(plain, 'new')).toBe(
      'alter database "new" owner to "o""w";\nalter database "new" connection limit -1;',
    )
  })

  test('lists stay lists, values stay values, roles stay roles', () => {
    const settings = [
      { role: null, name: 'search_path', value: '"$user", public' },
      { role: "r'", name: 'app.x', value: "'; drop database app; --" },
    ]
    expect(
      copyPropertiesSql({ ...plain, settings }, 'n')
        .split('\n')
        .slice(2),
    ).toEqual([
      `alter database "n" set "search_path" to '$user', 'public';`,
      `alter role "r'" in database "n" set "app"."x" to '''; drop database app; --';`,
    ])
  })

  test('rights that were changed are set anew', () => {
    const grants = [
      { grantee: null, privilege: 'CONNECT', grantable: 0 },
      { grantee: 'a"b', privilege: 'TEMPORARY', grantable: 1 },
    ]
    expect(
      copyPropertiesSql({ ...plain, grants }, 'n')
        .split('\n')
        .slice(2),
    ).toEqual([
      'revoke all on database "n" from public;',
      'revoke all on database "n" from "o""w";',
      'grant CONNECT on database "n" to public;',
      'grant TEMPORARY on database "n" to "a""b" with grant option;',
    ])
  })
})

test('a copy is made of files where the server can', () => {
  expect(createCopySql('a"', 'b', 150000)).toBe('create database "b" template "a""" strategy file_copy;')
  expect(createCopySql('a', 'b', 140000)).toBe('create database "b" template "a";')
})

test.each([
  [{}, ''],
  [{ datlocprovider: 'c' }, ' locale_provider libc'],
  [{ datlocprovider: 'i', daticulocale: 'de' }, " locale_provider icu icu_locale 'de'"],
  [
    { datlocprovider: 'i', datlocale: 'de', daticurules: '&a<b' },
    " locale_provider icu icu_locale 'de' icu_rules '&a<b'",
  ],
  [{ datlocprovider: 'b', datlocale: 'C.UTF-8' }, " locale_provider builtin builtin_locale 'C.UTF-8'"],
])('an empty database sorts as the live one does: %j', (row, expected) => {
  expect(createFromScratchSql('n', { ...plain, row })).toBe(
    `create database "n" template template0 owner "o""w" encoding 'UTF8' lc_collate 'C''' lc_ctype 'C'${expected} tablespace "pg_default";`,
  )
})
