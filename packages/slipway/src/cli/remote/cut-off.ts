import { isDeepStrictEqual } from 'node:util'
import type { Event } from '../../release/events.ts'
import { readDeployed } from '../../runner/deployed.ts'
import type { Order } from '../../runner/runs.ts'
import { takeOver } from '../../secrets/handed-over.ts'
import { fileJournal } from '../../store/journal.ts'
import type { Layout } from '../../store/layout.ts'
import { SlipwayError } from '../../support/errors.ts'
import { openHere } from '../wiring/open-here.ts'

/**
 * What another run began and did not end is ended by the configuration that run brought: where this one's names another
 * database, nobody would lift the fence of that one. Called before what asks for the lock and would end it by its own.
 */
export async function endCutOff(place: Layout, own: Own, emit: (event: Event) => void): Promise<void> {
  if ((await fileJournal(place).unfinished()) === undefined) return
  const deployed = await readDeployed(place)
  const { configFile, variables } = own
  if (deployed === undefined || isDeepStrictEqual(deployed, { configFile, variables })) return
  // What was handed over is for this one's sealed file.
  takeOver(undefined)
  try {
    await withVariables(deployed.variables, async () => {
      const application = await openHere(deployed.configFile, own.environment).catch(() => undefined)
      // Without it there is only this one's.
      await application?.resume({ signal: new AbortController().signal }, emit)
    })
  } catch (error) {
    // It is not cut off, or somebody ends it: what comes next waits for the lock, or says who has it.
    if (!(error instanceof SlipwayError) || error.code !== 'LOCKED') throw error
  } finally {
    takeOver(own.secrets)
  }
}

type Own = Pick<Order, 'configFile' | 'variables' | 'environment' | 'secrets'>

async function withVariables(variables: Readonly<Record<string, string>>, act: () => Promise<void>): Promise<void> {
  const before = Object.keys(variables).map(name => [name, process.env[name]] as const)
  Object.assign(process.env, variables)
  try {
    await act()
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}
