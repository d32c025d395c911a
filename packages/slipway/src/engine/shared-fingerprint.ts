import { basename } from 'node:path'
import type { ComposeDocument, ComposeFile } from '../config/document.ts'
import { hash } from './state-document.ts'

/**
 * Over what several servers must have alike to run parts of one release: the code, by the name that its folder has after
 * its content, and the whole configuration with the digests of its images. Pure.
 */
export function sharedFingerprint(document: ComposeDocument, directory: string): string {
  const { secrets, configs, ...rest } = document
  const compared = { ...rest, secrets: withoutValues(secrets), configs: withoutValues(configs) }
  // Where the folder lies is each server's own.
  return hash([
    basename(directory),
    JSON.stringify(compared).replaceAll(`${directory}/`, '').replaceAll(directory, '.'),
  ])
}

/** They come out of a file that is part of the code. */
function withoutValues(section: Record<string, ComposeFile> | undefined): Record<string, ComposeFile> {
  const entries = Object.entries(section ?? {}).map(([name, { value: _value, ...entry }]) => [name, entry] as const)
  return Object.fromEntries(entries)
}
