import { textOf } from '../secrets/rules.ts'
import type { ComposeDocument } from './document.ts'
import { unescaped } from './dollars.ts'

/** Secrets that everybody sees who may ask Docker: in what a container is made with, or in arguments of its image's build. */
export function shownSecrets(document: ComposeDocument, values: ReadonlyMap<string, Uint8Array>): ShownSecret[] {
  const texts = [...values].flatMap(([name, value]): [string, string][] => {
    const text = textOf(value)
    return text === undefined || text.length < shortest ? [] : [[name, text]]
  })
  const shownIn = (service: string, place: string, given: unknown, shownBy: ShownSecret['shownBy']): ShownSecret[] => {
    const written = textsIn(given).map(unescaped)
    return texts
      .filter(([, text]) => written.some(each => each.includes(text)))
      .map(([name]) => ({ name, service, place, shownBy }))
  }
  return [
    ...Object.entries(document.services).flatMap(([name, service]) => [
      ...mapOf(service.environment).flatMap(([variable, value]) =>
        shownIn(name, `its variable ${variable}`, value, 'docker inspect'),
      ),
      ...freeText.flatMap(field => shownIn(name, `its ${field}`, service[field], 'docker inspect')),
      ...mapOf(service.build?.['args']).flatMap(([argument, value]) =>
        shownIn(name, `the build argument ${argument}`, value, 'docker history'),
      ),
    ]),
    ...Object.entries(document.volumes ?? {}).flatMap(([name, volume]) =>
      shownIn(`the volume ${name}`, 'its driver_opts', volume?.driver_opts, 'docker inspect'),
    ),
  ]
}

export interface ShownSecret {
  name: string
  /** Or what else of the document it is. */
  service: string
  place: string
  shownBy: 'docker inspect' | 'docker history'
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'object' && value !== null)
    return mapOf(value).flatMap(([name, each]) => [name, ...textsIn(each)])
  return typeof value === 'string' || typeof value === 'number' ? [String(value)] : []
}

function mapOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : []
}

/** What a container is made with beside its variables, where people write secrets. */
const freeText = ['command', 'entrypoint', 'labels', 'healthcheck', 'logging', 'extra_hosts']

/** Shorter ones are in other values by chance. */
const shortest = 6
