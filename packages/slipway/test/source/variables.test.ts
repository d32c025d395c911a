import { expect, test } from 'vitest'
import { askedVariables, variablesToSend } from '../../src/source/variables.ts'

test('all that Compose would fill in, and nothing that only looks like it', () => {
  const source = {
    services: {
      api: {
        image: '${API_IMAGE:?is set by the pipeline}',
        command: ['$WORD', 'a$$NOT', '${OUTER:-${INNER}}', '$1'],
        environment: { PASSED: null, SET: 'x$IN_VALUE' },
      },
      worker: { environment: ['ALSO_PASSED', 'GIVEN=1'] },
    },
    secrets: { token: { environment: 'TOKEN' }, file: { file: './x' } },
    odd: 7,
  }
  expect([...askedVariables([source, null, 'text', undefined])].sort()).toEqual([
    'ALSO_PASSED',
    'API_IMAGE',
    'INNER',
    'IN_VALUE',
    'OUTER',
    'PASSED',
    'TOKEN',
    'WORD',
  ])
})

test('only what is set here is sent, and nothing that is about this machine', () => {
  const asked = new Set(['API_IMAGE', 'UNSET', 'HOME', 'PATH', 'EMPTY'])
  expect(variablesToSend(asked, { API_IMAGE: 'a', HOME: '/root', PATH: '/bin', EMPTY: '', OTHER: 'x' })).toEqual({
    API_IMAGE: 'a',
    EMPTY: '',
  })
})
