import { isAbsolute, relative } from 'node:path'
import type { ComposeDocument } from '../config/document.ts'
import { unescaped } from '../config/dollars.ts'
import type { EnvironmentConfig } from '../config/model.ts'
import { SlipwayError } from '../support/errors.ts'
import { placeVariable, type Place } from './container-argv.ts'

/** The folders and files of the server that a deployment uses beside Slipway's own, as the configuration names them. */
export function placesOf(config: EnvironmentConfig, document: ComposeDocument): Pick<Place, 'folders' | 'files'> {
  const backups = config.backups.directory
  const sections = [...Object.values(document.secrets ?? {}), ...Object.values(document.configs ?? {})]
  const files = sections.flatMap(({ file }) => (file === undefined ? [] : [unescaped(file)]))
  const outside = (path: string): boolean => path !== '' && !isBelow(config.directory, path)
  const mounted = [...(outside(backups) ? [backups] : []), ...files.filter(outside)]
  for (const path of mounted) refuseUnmountable(path)
  return { folders: [backups].filter(outside), files: [...new Set(files.filter(outside))] }
}

/** What the container that this runs in was given; undefined: this is no container of Slipway's. */
export function ownPlace(variables: NodeJS.ProcessEnv = process.env): Place | undefined {
  const text = variables[placeVariable]
  return text === undefined ? undefined : (JSON.parse(text) as Place)
}

/** A folder that is not mounted would be the container's own, and what is written there would go with it. */
export function proveMounted(folder: string, place: Place): void {
  if ([place.home, ...place.folders].some(mounted => isBelow(mounted, folder))) return
  throw new SlipwayError('RUNNER_FAILED', `The folder ${folder} of the server is not in reach`, {
    why: 'the slipway.yaml that was deployed names it, the one here does not',
    state: 'nothing was changed',
    next: 'Deploy, or go back to the slipway.yaml that was deployed.',
  })
}

export function isBelow(folder: string, path: string): boolean {
  const inside = relative(folder, path)
  return inside !== '..' && !inside.startsWith('../') && !isAbsolute(inside)
}

/** Docker splits at these when it is told what to mount. */
function refuseUnmountable(path: string): void {
  if (!/[:,"\n\r]/.test(path)) return
  throw new SlipwayError('CONFIG_INVALID', `The path ${JSON.stringify(path)} can not be used on a server`, {
    why: 'it has a colon, a comma, a quote or a line break',
    state: 'nothing was changed',
    next: 'Use another folder or file name.',
  })
}
