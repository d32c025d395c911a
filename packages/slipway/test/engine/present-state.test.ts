import { expect, test } from 'vitest'
import { parsePresentState } from '../../src/engine/present-state.ts'

test('containers of state services as docker ps lists them', () => {
  const listed = [
    'aa running 12ef app_default,app-r1_default db',
    'bb exited 34cd  cache',
    'cc created   old',
    '',
  ].join('\n')
  expect(parsePresentState(listed)).toEqual([
    { id: 'aa', service: 'db', running: true, definition: '12ef', networks: ['app_default', 'app-r1_default'] },
    { id: 'bb', service: 'cache', running: false, definition: '34cd', networks: [] },
    { id: 'cc', service: 'old', running: false, definition: '', networks: [] },
  ])
  expect(parsePresentState('')).toEqual([])
})
