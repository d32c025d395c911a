import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readComposeSources } from '../../src/config/locate.ts'
import { writtenImages } from '../../src/config/written-images.ts'

const found = (...images: unknown[]) =>
  writtenImages(images.map((image, index) => ({ file: `${index}.yaml`, value: { services: { api: { image } } } }))).get(
    'api',
  )

test.each([
  ['${API_IMAGE}', 'API_IMAGE'],
  ['$API_IMAGE', 'API_IMAGE'],
  ['${API_IMAGE:-shop-api}', 'API_IMAGE'],
  ['${API_IMAGE-ghcr.io/shop/api:${TAG:-1}}', 'API_IMAGE'],
  ['${API_IMAGE:?is set by the pipeline}', 'API_IMAGE'],
  ['ghcr.io/shop/api:${TAG}', undefined],
  ['${REGISTRY}/api', undefined],
  ['$${API_IMAGE}', undefined],
  ['ghcr.io/shop/api:1', undefined],
])('the variable of %s', (image, variable) => {
  expect(found(image)?.variable).toBe(variable)
})

test('the last layer that names an image counts', () => {
  expect(found('a', '${B}')).toEqual({ file: '1.yaml', image: '${B}', variable: 'B' })
  expect(found('a', undefined)).toEqual({ file: '0.yaml', image: 'a' })
  for (const value of [
    null,
    1,
    [],
    { services: null },
    { services: { api: null } },
    { services: { api: { image: 1 } } },
  ]) {
    expect(writtenImages([{ file: 'x', value }]).size).toBe(0)
  }
})

test('what services share gives them their image too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-images-'))
  const file = join(folder, 'compose.yaml')
  await writeFile(
    file,
    'x-app: &app { image: "${APP_IMAGE:-shop}" }\nservices: { api: { <<: *app, expose: [1] }, worker: { <<: [*app], image: own } }\n',
  )
  const images = writtenImages(await readComposeSources([file]))
  await rm(folder, { recursive: true })
  expect([...images]).toEqual([
    ['api', { file, image: '${APP_IMAGE:-shop}', variable: 'APP_IMAGE' }],
    ['worker', { file, image: 'own' }],
  ])
})
