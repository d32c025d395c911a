import { randomBytes } from 'node:crypto'
import { accountsRole, reportsRole, writersRole } from '../apps/accounts.ts'
import type { App } from '../case.ts'
import { asRole, onDatabase, openSession, rowsOf, type Session } from './session.ts'

/** Databases on the test server: one for each app to copy, two for each case, all dropped in the end. */
export class Laboratory {
  private readonly prefix = `corpus_${randomBytes(3).toString('hex')}`
  private readonly password = randomBytes(12).toString('hex')
  private readonly templates = new Map<string, Promise<string>>()
  private copies = 0
  private readonly url: string
  private readonly server: Session

  private constructor(url: string, server: Session) {
    this.url = url
    this.server = server
  }

  static async open(url: string): Promise<Laboratory> {
    const laboratory = new Laboratory(url, await openSession(url))
    for (const role of [accountsRole, reportsRole, writersRole]) {
      const [known] = await rowsOf(laboratory.server, `select 1 from pg_catalog.pg_roles where rolname = '${role}'`)
      await laboratory.server.query(
        `${known === undefined ? 'create' : 'alter'} role ${role} login password '${laboratory.password}'`,
      )
    }
    return laboratory
  }

  /** A database with the app's schema and rows, and what the case adds; under the name that a tool is given. */
  async database(app: App, given: string | undefined): Promise<string> {
    const name = `${this.prefix}_${++this.copies}`
    await this.server.query(`create database ${name} template ${await this.template(app)}`)
    if (given !== undefined) await this.within(name, session => session.query(given))
    return name
  }

  urlOf(database: string, role?: string): string {
    const url = onDatabase(this.url, database)
    return role === undefined ? url : asRole(url, role, this.password)
  }

  async within<T>(database: string, act: (session: Session) => Promise<T>): Promise<T> {
    const session = await openSession(this.urlOf(database))
    try {
      return await act(session)
    } finally {
      await session.end()
    }
  }

  async drop(...databases: string[]): Promise<void> {
    for (const database of databases) await this.server.query(`drop database if exists ${database} with (force)`)
  }

  async afterwards(sql: string): Promise<void> {
    await this.server.query(sql)
  }

  async close(): Promise<void> {
    await this.drop(...(await Promise.all(this.templates.values())))
    await this.server
      .query(`drop role if exists ${accountsRole}, ${reportsRole}, ${writersRole}`)
      .catch(() => undefined)
    await this.server.end()
  }

  private template(app: App): Promise<string> {
    const known = this.templates.get(app.name) ?? this.makeTemplate(app)
    this.templates.set(app.name, known)
    return known
  }

  private async makeTemplate(app: App): Promise<string> {
    const name = `${this.prefix}_${app.name}`
    await this.server.query(`create database ${name}`)
    await this.within(name, session => session.query(app.schema))
    return name
  }
}
