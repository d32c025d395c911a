import fc from 'fast-check'
import { expect, test } from 'vitest'
import { markerText, readMarker, type Marker } from '../../src/postgres/marker.ts'

test('what is noted is read back, whatever the names hold', () => {
  const markers: fc.Arbitrary<Marker> = fc.record(
    {
      kind: fc.constantFrom('before', 'left', 'restored'),
      of: fc.string(),
      label: fc.string(),
      at: fc.string(),
      replacedBy: fc.string(),
    },
    { requiredKeys: ['kind', 'of', 'label', 'at'] },
  )
  fc.assert(
    fc.property(markers, marker => {
      expect(readMarker(markerText(marker))).toEqual(marker)
    }),
  )
})

test.each([
  null,
  '',
  'a comment',
  'slipway: ',
  'slipway: {',
  'slipway: null',
  'slipway: {"kind":"before"}',
  'slipway: {"kind":"x","of":"a","label":"b","at":"c"}',
])('a comment of a person is none: %j', comment => expect(readMarker(comment)).toBeUndefined())
