import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { EnvironmentConfig } from '../config/model.ts'
import { alertOf, type Alert, type AlertNote } from '../release/alert.ts'
import type { Release } from '../release/model.ts'
import type { Alerts, Hooks } from '../release/ports.ts'
import { SlipwayError } from '../support/errors.ts'
import { readIfPresent, writeAtomically } from '../support/files.ts'
import type { Layout } from './layout.ts'
import { fileLock } from './lock.ts'

/**
 * Runs the alert hook when what serves went down or came back since somebody last looked. What was told is a file, and is
 * written only after the hook has ended well: nobody who should hear of it is left out because the hook failed once.
 */
export function fileAlerts(config: EnvironmentConfig, layout: Layout, hooks: Hooks, now: () => Date): Alerts {
  const note = join(layout.environment, 'alert.json')
  const document = join(layout.environment, 'alert-told.json')
  return {
    async tell(problems, release) {
      if (config.hooks.alert.length === 0) return undefined
      const lock = await alone(layout)
      if (lock === undefined) return undefined
      try {
        const turn = alertOf(noteIn(await readIfPresent(note)), problems, now().toISOString())
        if (turn === undefined) return undefined
        const alert = alertFor(config, release, turn, problems, now())
        await writeAtomically(document, `${JSON.stringify(alert)}\n`)
        await hooks.run('alert', factsOf(alert, document))
        if (turn.event === 'recovered') await rm(note, { force: true })
        else await writeAtomically(note, `${JSON.stringify({ since: turn.since } satisfies AlertNote)}\n`)
        return turn.event
      } finally {
        await lock.release()
      }
    },
  }
}

function alertFor(
  { app, environment, project }: EnvironmentConfig,
  release: Release | undefined,
  turn: Pick<Alert, 'event' | 'since'>,
  problems: readonly string[],
  now: Date,
): Alert {
  return {
    ...turn,
    app,
    environment,
    project,
    at: now.toISOString(),
    ...(release === undefined ? {} : { release: release.id, version: release.version }),
    problems: [...problems],
  }
}

/** For a hook of few words; the rest is in the file. */
function factsOf({ event, since, project, release, problems }: Alert, document: string): Record<string, string> {
  return {
    SLIPWAY_ALERT: event,
    SLIPWAY_ALERT_SINCE: since,
    SLIPWAY_ALERT_WHY: problems.join('; '),
    SLIPWAY_ALERT_FILE: document,
    SLIPWAY_PROJECT: project,
    SLIPWAY_RELEASE: release ?? '',
  }
}

/** Undefined: another look tells it. */
async function alone(layout: Layout): Promise<{ release(): Promise<void> } | undefined> {
  try {
    return await fileLock(join(layout.environment, 'alert.lock')).acquire('tell of an alert')
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'LOCKED') return undefined
    throw error
  }
}

function noteIn(text: string | undefined): AlertNote | undefined {
  if (text === undefined) return undefined
  try {
    const { since } = JSON.parse(text) as Partial<Record<keyof AlertNote, unknown>>
    return { since: typeof since === 'string' ? since : new Date(0).toISOString() }
  } catch {
    // That something was told is sure, and that it is over must be told too.
    return { since: new Date(0).toISOString() }
  }
}
