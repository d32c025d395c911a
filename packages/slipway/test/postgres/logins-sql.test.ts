import { expect, test } from 'vitest'
import { findLoginsSql, makeLoginSql, shutLoginSql } from '../../src/postgres/logins-sql.ts'
import { newLoginName, roleOf } from '../../src/postgres/release-login.ts'

test('a name says which role it works as, and is another each time', () => {
  for (const role of ['shop', 'we"ird; drop', "o'x", 'a_slipway_0123abcd', 'ü']) {
    const name = newLoginName(role) ?? ''
    expect(roleOf(name)).toBe(role)
    expect(newLoginName(role)).not.toBe(name)
  }
})

test('what PostgreSQL would cut is no name, and what a person made up is none of ours', () => {
  expect(newLoginName('r'.repeat(46))).toHaveLength(63)
  expect(newLoginName('r'.repeat(47))).toBeUndefined()
  for (const name of ['shop', 'shop_slipway_', 'shop_slipway_0123abc', 'shop_slipway_0123ABCD', '_slipway_0123abcd'])
    expect(roleOf(name), name).toBeUndefined()
})

test('hostile names stay names', () => {
  const login = { name: 'a"; drop role b; --', role: "o'x", verifier: 'SCRAM-SHA-256$x' }
  const sql = makeLoginSql(login, [])
  expect(sql).toContain('create role "a""; drop role b; --" login inherit')
  expect(sql).toContain(`set role = 'o''x'`)
  expect(shutLoginSql(login.name)).toContain('alter role "a""; drop role b; --" nologin password null;')
  expect(findLoginsSql([`x'; drop role y`])).toContain(`array['x''; drop role y']`)
})

test('is made as a whole or not at all, with the settings of its role', () => {
  const sql = makeLoginSql({ name: 'shop_slipway_00000000', role: 'shop', verifier: 'v' }, [
    { database: null, setting: 'statement_timeout=5s' },
    { database: 'd"b', setting: 'search_path="$user", app=x' },
    { database: null, setting: "app.tenant=it's" },
  ])
  const statements = sql.split('\n')
  expect(statements[0]).toBe('begin;')
  expect(statements.at(-1)).toBe('commit;')
  expect(sql).toContain(`alter role "shop_slipway_00000000" set "statement_timeout" = '5s';`)
  expect(sql).toContain(`set "app"."tenant" = 'it''s';`)
  expect(sql).toContain(`set_config('search_path', '"$user", app=x', true);`)
  expect(sql).toContain(`in database "d""b" set "search_path" from current;`)
  // A role that works as yet another one goes on doing so.
  const asOther = makeLoginSql({ name: 'n', role: 'shop', verifier: 'v' }, [{ database: null, setting: 'role=owner' }])
  expect(asOther).toContain(`set "role" = 'owner'`)
  expect(asOther).not.toContain(`role = 'shop'`)
})
