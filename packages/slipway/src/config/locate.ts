import { readFile, stat } from 'node:fs/promises'
import type { EnvironmentConfig } from './model.ts'
import { settingPlace } from './places.ts'
import { largestFile, readYaml } from './yaml.ts'
import { type Path, type Place, YamlSource } from './yaml-source.ts'

/** Says where a field stands, in slipway.yaml or in the Compose files, so that every problem has a line. */
export interface Locator {
  /** A setting of the environment in slipway.yaml. */
  setting(path: Path): FilePlace
  /** A field of the Compose files; the last layered file that has it wins, then the service's own line. */
  compose(path: Path): FilePlace
  /** The Compose files themselves, the last layer first. */
  layers: readonly YamlSource[]
}

export interface FilePlace extends Place {
  file: string
  path: string
}

export function locator(config: EnvironmentConfig, settings: YamlSource, compose: readonly YamlSource[]): Locator {
  const layers = [...compose].reverse()
  return {
    layers,
    setting: path => ({ file: config.file, ...settingPlace(settings, config.environment, path) }),
    compose: path => composePlace(config, layers, path),
  }
}

/** The Compose files as written. A file that can not be read is empty here: Compose itself says what is wrong with it. */
export async function readComposeSources(files: readonly string[]): Promise<YamlSource[]> {
  return Promise.all(files.map(readComposeSource))
}

async function readComposeSource(file: string): Promise<YamlSource> {
  try {
    const { size } = await stat(file)
    // A file that is too large is told apart by its size alone.
    return readYaml(file, size > largestFile ? new Uint8Array(largestFile + 1) : await readFile(file), composeReading)
  } catch {
    return new YamlSource(file)
  }
}

/** Compose files share blocks among many services, and Compose reads several documents in a file. */
const composeReading = { mostAliases: 10_000, mostTokens: 100_000, severalDocuments: true }

function composePlace(config: EnvironmentConfig, layers: readonly YamlSource[], path: Path): FilePlace {
  const shown = path.join('.')
  for (let length = path.length; length > 0; length -= 1) {
    const part = path.slice(0, length)
    for (const layer of layers) {
      const place = layer.keyPlace(part)
      if (place !== undefined) return { file: layer.file, ...place, path: shown }
    }
  }
  const first = layers.at(-1)
  return { file: first?.file ?? config.file, line: 0, column: 0, path: shown }
}
