import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { imageTag } from '../../src/engine/names.ts'

/** What Docker takes for the name of an image. */
const valid = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*:r\d+$/

describe('the tag of an image', () => {
  test('is readable where the name allows it', () => {
    expect(imageTag('shop-prod', 'web', 'r1')).toBe('slipway/shop-prod/web:r1')
    expect(imageTag('shop-my_env', 'a.b', 'r1')).toBe('slipway/shop-my_env/a.b:r1')
  })

  test('never is the tag of another app', () => {
    expect(imageTag('shop-prod', 'eu-web', 'r1')).not.toBe(imageTag('shop-prod-eu', 'web', 'r1'))
  })

  test.each(['Web', 'web_', '_web', '-web', '--help', 'a..b', 'a___b', '.', '..', 'web.', 'Ünï', 'a/b', 'a:b', '$(x)'])(
    'is one that Docker takes, for a service called %j',
    name => expect(imageTag('shop-prod_', name, 'r12')).toMatch(valid),
  )

  test('is valid and never the same for two names', () => {
    const names = fc.stringMatching(/^[a-zA-Z0-9._-]{1,12}$/)
    fc.assert(
      fc.property(names, names, (a, b) => {
        expect(imageTag('p', a, 'r1')).toMatch(valid)
        expect(imageTag('p', a, 'r1') === imageTag('p', b, 'r1')).toBe(a === b)
      }),
    )
  })
})
