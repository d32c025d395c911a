import { decideSwap } from '../../../src/postgres/swap.ts'
import { markerText, readMarker } from '../../../src/postgres/marker.ts'
import { freeName } from '../../../src/postgres/names.ts'
import type { DatabaseState } from '../../../src/release/ports.ts'
import type { SchemaChange } from '../../../src/release/model.ts'

export interface Schema {
  /** Migrations by id, and whether each leaves older code alone. */
  applied: Map<string, boolean>
  /** Begun, and not finished. */
  half: Map<string, boolean>
}

interface StoredDatabase extends Schema {
  /** Ids of the writes that were acknowledged, oldest first. */
  rows: number[]
  comment: string | null
  oid: number
}

export const live = 'app'

/** The databases of the simulated PostgreSQL. What is renamed, and when there is nothing left to do, Slipway's own rules decide. */
export class Databases {
  private readonly byName = new Map<string, StoredDatabase>()
  private readonly dumps = new Map<string, StoredDatabase>()
  private oids = 0

  get(name: string): StoredDatabase | undefined {
    return this.byName.get(name)
  }

  names(): string[] {
    return [...this.byName.keys()]
  }

  create(): void {
    if (this.byName.has(live)) return
    this.byName.set(live, { applied: new Map(), half: new Map(), rows: [], comment: null, oid: ++this.oids })
  }

  snapshot(label: string, at: string): string {
    const name = freeName(live, 'before', label, new Set(this.byName.keys()))
    this.byName.set(name, this.copy(this.known(live), markerText({ kind: 'before', of: live, label, at })))
    return name
  }

  swapIn(replacement: string, label: string, at: string): string {
    const rows = [...this.byName].map(([name, { comment, oid }]) => ({ name, comment, oid, allowsConnections: true }))
    const decided = decideSwap(rows, live, replacement, label)
    if (decided.kind === 'impossible')
      throw new Error(`${replacement} could not take the place of ${live}: ${decided.why}`)
    if (decided.kind === 'done') return decided.left
    const old = this.byName.get(live)
    const incoming = this.known(replacement)
    if (old !== undefined) {
      old.comment = markerText({ kind: 'left', of: live, label, at, replacedBy: replacement })
      this.byName.set(decided.left, old)
    }
    incoming.comment = null
    this.byName.set(live, incoming)
    this.byName.delete(replacement)
    return decided.left
  }

  drop(name: string): void {
    if (name === live) throw new Error('the live database is never dropped')
    this.byName.delete(name)
  }

  putBack(name: string, snapshot: string, at: string): void {
    const database = this.byName.get(name)
    if (database === undefined) {
      if (!this.byName.has(snapshot)) throw new Error(`there is neither ${name} nor ${snapshot}`)
      return
    }
    this.byName.delete(name)
    const comment = markerText({ kind: 'before', of: live, label: 'd0', at })
    this.byName.set(snapshot, { ...database, comment })
  }

  /** Newest first. */
  leftBehind(): string[] {
    const whenMade = (row: StoredDatabase) => readMarker(row.comment)?.at ?? ''
    return [...this.byName]
      .filter(([name]) => name !== live)
      .sort(([, a], [, b]) => whenMade(b).localeCompare(whenMade(a)) || b.oid - a.oid)
      .map(([name]) => name)
  }

  dump(file: string): void {
    this.dumps.set(file, this.copy(this.known(live), null))
  }

  restore(file: string, label: string, at: string): string {
    const dump = this.dumps.get(file)
    if (dump === undefined) throw new Error(`there is no ${file}`)
    const name = freeName(live, 'restored', label, new Set(this.byName.keys()))
    this.byName.set(name, this.copy(dump, markerText({ kind: 'restored', of: live, label, at })))
    return name
  }

  state(): DatabaseState {
    const { applied, half } = this.byName.get(live) ?? nothing
    const catalog: Record<string, string> = {}
    for (const [id, compatible] of applied) catalog[id] = compatible ? 'adds' : 'breaks'
    for (const [id, compatible] of half) catalog[`half of ${id}`] = compatible ? 'adds' : 'breaks'
    return { fingerprint: Object.keys(catalog).sort().join('+'), catalog }
  }

  private known(name: string): StoredDatabase {
    const found = this.byName.get(name)
    if (found === undefined) throw new Error(`there is no database ${name}`)
    return found
  }

  private copy(from: StoredDatabase, comment: string | null): StoredDatabase {
    return {
      applied: new Map(from.applied),
      half: new Map(from.half),
      rows: [...from.rows],
      comment,
      oid: ++this.oids,
    }
  }
}

const nothing: Schema = { applied: new Map(), half: new Map() }

export function compareStates(before: DatabaseState, after: DatabaseState): SchemaChange[] {
  const added = Object.entries(after.catalog).filter(([key]) => !(key in before.catalog))
  const gone = Object.keys(before.catalog).filter(key => !(key in after.catalog))
  return [
    ...added.map(([key, how]) => ({ what: `${key} added`, breaking: how === 'breaks' })),
    ...gone.map(key => ({ what: `${key} dropped`, breaking: true })),
  ]
}
