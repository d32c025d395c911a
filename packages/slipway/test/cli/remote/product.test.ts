import { expect, test } from 'vitest'
import { productFolder } from '../../../src/cli/remote/product.ts'

test.each([
  ['/usr/lib/node_modules/slipway/dist/slipway.js', '/usr/lib/node_modules/slipway'],
  ['/usr/lib/node_modules/slipway/dist/chunks/session-ABC.js', '/usr/lib/node_modules/slipway'],
  ['/srv/clone/packages/slipway/src/cli/remote/product.ts', '/srv/clone/packages/slipway'],
])('%s is of %s', (file, folder) => {
  expect(productFolder(file)).toBe(folder)
})
