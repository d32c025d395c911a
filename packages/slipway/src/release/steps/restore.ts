import { label, type Step } from '../context.ts'

/** Makes a database out of a backup or snapshot, beside the live one, before any request has to wait. */
export const restore: Step = {
  name: 'restore',
  does: context =>
    context.plan.data.kind === 'restore'
      ? `Prepare the data of ${context.plan.target?.id} beside the live database`
      : 'Prepare older data',
  skip: context => (context.plan.data.kind === 'restore' ? undefined : 'the data stays'),
  async apply(context) {
    const { data } = context.plan
    const { database } = context.ports
    if (data.kind !== 'restore' || database === undefined) return undefined
    const prepared =
      data.from.kind === 'snapshot' ? data.from.database : await database.restoreBackup(data.from, label(context))
    await context.learn({ replacement: { database: prepared, from: data.from } })
    return `${prepared} is ready`
  },
  undo: {
    does: () => 'Drop the prepared database',
    async run(context) {
      const { replacement } = context.facts
      if (replacement?.from.kind !== 'backup') return
      await context.learn({ replacement: { ...replacement, dropping: true } })
      await context.ports.database?.drop(replacement.database)
    },
  },
}
