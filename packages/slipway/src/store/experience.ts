import { array, boolean, discriminatedUnion, enum as oneOf, literal, number, object, string, union } from 'zod'
import type { Experience } from '../release/experience.ts'
import type { ExperienceStore } from '../release/ports.ts'
import { readIfPresent, writeAtomically } from '../support/files.ts'
import type { Layout } from './layout.ts'

/** One small file that plans are made of. What is not of the expected form is as if it had never been there. */
export function fileExperience(layout: Layout): ExperienceStore {
  const read = async (): Promise<Experience> => experienceIn(await readIfPresent(layout.experience).catch(() => ''))
  return {
    read,
    add: async more => writeAtomically(layout.experience, `${JSON.stringify({ ...(await read()), ...more })}\n`),
  }
}

function experienceIn(text: string | undefined): Experience {
  const found = parsed(text)
  const backup = backupNote.safeParse(found['backup'])
  const rehearsal = rehearsalNote.safeParse(found['rehearsal'])
  return {
    ...(backup.success ? { backup: backup.data } : {}),
    ...(rehearsal.success ? { rehearsal: rehearsal.data } : {}),
  }
}

function parsed(text: string | undefined): Record<string, unknown> {
  try {
    const found: unknown = JSON.parse(text ?? '{}')
    return typeof found === 'object' && found !== null ? { ...found } : {}
  } catch {
    return {}
  }
}

const amount = number().nonnegative()
const backupNote = object({ databaseBytes: amount, seconds: amount })
const lock = object({ table: string(), mode: string(), rewritten: boolean(), bytes: amount, seconds: amount })
const old = discriminatedUnion('kind', [
  object({ kind: literal('lives') }),
  object({ kind: literal('breaks'), why: string(), output: array(string()) }),
  object({ kind: literal('not-asked'), why: string() }),
])
const rehearsal = object({
  changed: boolean(),
  seconds: amount,
  changes: array(object({ what: string(), breaking: boolean(), why: string().exactOptional() })),
  locks: array(lock),
  fillSeconds: amount.exactOptional(),
  bootSeconds: amount.exactOptional(),
  old,
})
const failure = object({
  message: string(),
  why: string().exactOptional(),
  next: string().exactOptional(),
  output: array(string()),
})
const every = {
  of: string().exactOptional(),
  at: string().refine(text => !Number.isNaN(Date.parse(text))),
  mode: oneOf(['full', 'schema']),
  databaseBytes: amount,
  seconds: amount,
}
const rehearsalNote = union([object({ ...every, rehearsal }), object({ ...every, failure })])
