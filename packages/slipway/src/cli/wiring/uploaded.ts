import { join, relative } from 'node:path'
import { loadConfig, type LoadedConfig } from '../../config/load.ts'
import type { EnvironmentConfig } from '../../config/model.ts'
import { configOn } from '../../config/part.ts'
import { isBelow, ownPlace } from '../../runner/place.ts'
import { layout, type Layout } from '../../store/layout.ts'

/**
 * An environment of this machine. Code that was sent here lies in a folder that is never changed and goes one day: what
 * starts at the folder of slipway.yaml and must last starts at a lasting one.
 */
export async function loadHere(configFile: string, environment: string): Promise<LoadedConfig & { layout: Layout }> {
  const loaded = await loadConfig(configFile, environment)
  const place = layout(loaded.config.project)
  const config = asUploaded(loaded.config, place)
  const server = ownPlace()?.server
  return { ...loaded, config: server === undefined ? config : configOn(config, server), layout: place }
}

/** Pure. */
export function asUploaded(config: EnvironmentConfig, { uploads, lasting }: Layout): EnvironmentConfig {
  if (!isBelow(uploads, config.directory)) return config
  const { server: _server, ...here } = config
  const { directory } = config.backups
  const moved = directory !== '' && isBelow(config.directory, directory)
  return {
    ...here,
    source: { kind: 'upload', lasting },
    backups: {
      ...config.backups,
      directory: moved ? join(lasting, relative(config.directory, directory)) : directory,
    },
  }
}
