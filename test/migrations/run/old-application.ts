import { setTimeout as pause } from 'node:timers/promises'
import type { App, Call } from '../case.ts'
import { openSession, type Answer, type Session } from './session.ts'

/** The old application at work: its sessions live through the migration, as those of a pool do. */
export class OldApplication {
  private readonly sessions = new Map<string, Session>()
  private readonly calls: readonly Call[]
  private readonly app: App
  private readonly urlOf: (role: string | undefined) => string

  constructor(app: App, more: readonly Call[], urlOf: (role: string | undefined) => string) {
    this.app = app
    this.calls = [...app.calls, ...more]
    this.urlOf = urlOf
  }

  get statements(): string[] {
    return this.calls.flatMap(call => [call.sql, ...(call.later === undefined ? [] : [call.later])])
  }

  /** Every call once, in order; the first that fails ends it. */
  async work(time: 'before' | 'later'): Promise<Given[]> {
    const answers: Given[] = []
    for (const known of this.calls) {
      const call = time === 'later' && known.later !== undefined ? { ...known, sql: known.later } : known
      try {
        answers.push({ call, answer: await this.run(call) })
      } catch (error) {
        return [...answers, { call, failed: error instanceof Error ? error.message : String(error) }]
      }
    }
    return answers
  }

  /** As after a restart of the pool. */
  async reconnect(): Promise<void> {
    await Promise.all([...this.sessions.values()].map(session => session.end()))
    this.sessions.clear()
  }

  /** Their share in the counters of tables, which sessions otherwise hand in with a delay. */
  async reportStatistics(): Promise<void> {
    for (const session of this.sessions.values())
      await session.query('select pg_catalog.pg_stat_force_next_flush()').catch(() => undefined)
  }

  private async run(call: Call): Promise<Answer & { heard?: string[] }> {
    const session = await this.session(call.as ?? this.app.role)
    if (call.hears !== undefined) await session.query(`listen ${call.hears}`)
    const answer = await session.queryAs({
      text: call.sql,
      values: call.values ?? [],
      places: call.read === 'places',
      ...(call.prepared === undefined ? {} : { name: call.prepared }),
    })
    if (call.hears === undefined) return answer
    const heard = session.heard()
    for (let waited = 0; heard.length === 0 && waited < 20; waited++) {
      await pause(5)
      heard.push(...session.heard())
    }
    return { ...answer, heard }
  }

  private async session(role: string | undefined): Promise<Session> {
    const known = this.sessions.get(role ?? '')
    if (known !== undefined) return known
    const session = await openSession(this.urlOf(role))
    this.sessions.set(role ?? '', session)
    return session
  }
}

export type Given = { call: Call; answer: Answer & { heard?: string[] } } | { call: Call; failed: string }

/** The first call that failed, or that answers otherwise than it did where nothing was migrated. */
export function firstDifference(usual: readonly Given[], now: readonly Given[]): string | undefined {
  for (const [place, given] of now.entries()) {
    const what = given.call.sql.replace(/\s+/g, ' ').slice(0, 80)
    const usually = usual[place]
    if (usually !== undefined && 'failed' in usually)
      throw new Error(`the old code does not work where nothing was migrated: ${what}: ${usually.failed}`)
    if ('failed' in given) return `${what}: ${given.failed}`
    const difference = usually === undefined ? undefined : differ(usually.answer, given.answer)
    if (difference !== undefined) return `${what}: ${difference}`
  }
  return undefined
}

function differ(was: Answer & { heard?: string[] }, is: Answer & { heard?: string[] }): string | undefined {
  if (JSON.stringify(was.heard) !== JSON.stringify(is.heard)) return `heard ${JSON.stringify(is.heard)}`
  if (was.rows.length !== is.rows.length) return `${is.rows.length} rows instead of ${was.rows.length}`
  if (was.rowCount !== is.rowCount) return `${is.rowCount} rows touched instead of ${was.rowCount}`
  for (const [place, row] of was.rows.entries()) {
    const now = is.rows[place] as Record<string, unknown> | undefined
    for (const [key, value] of Object.entries(row)) {
      if (JSON.stringify(value) !== JSON.stringify(now?.[key]))
        return `${key} is ${JSON.stringify(now?.[key])} instead of ${JSON.stringify(value)}`
    }
  }
  return undefined
}
