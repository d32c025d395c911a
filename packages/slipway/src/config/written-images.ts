import { field, fields } from './written.ts'
import type { YamlSource } from './yaml-source.ts'

/** Which Compose file gives each service its image, and how it is written there: the last of the layers counts. */
export function writtenImages(layers: readonly Pick<YamlSource, 'file' | 'value'>[]): Map<string, WrittenImage> {
  const found = new Map<string, WrittenImage>()
  for (const { file, value } of layers) {
    for (const [name, service] of fields(field(value, 'services'))) {
      const image = field(service, 'image')
      if (typeof image === 'string') found.set(name, { file, image, ...variableOf(image) })
    }
  }
  return found
}

export interface WrittenImage {
  file: string
  image: string
  /** The variable that is all of it, as in `${API_IMAGE:-shop-api}`. */
  variable?: string
}

function variableOf(image: string): { variable?: string } {
  const found = /^\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?::?[-?].*)?\})$/s.exec(image)
  const variable = found?.[1] ?? found?.[2]
  return variable === undefined ? {} : { variable }
}
