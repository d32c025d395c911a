import { keptAhead } from '../backup-ahead.ts'
import { awaitsDatabase, type Context, type Step } from '../context.ts'

/** A verified dump of the live database, before anything changes. */
export const backup: Step = {
  name: 'backup',
  does: context => `Back up the database ${context.ports.database?.name ?? ''}`.trim(),
  async skip(context) {
    if (context.ports.database === undefined) return 'the app has no database'
    if (context.plan.warm === true) return 'only code goes back: the data stays as it is'
    if (awaitsDatabase(context.plan)) return 'no database yet'
    if (context.plan.current === undefined && !(await context.ports.database.reachable()))
      return 'first deployment: no database yet'
    return undefined
  },
  async apply(context) {
    const file = (await keptAhead(context)) ?? (await context.ports.backups.create('pre-deploy', context.note))
    await context.learn({ backup: { file: file.file, bytes: file.bytes, sha256: file.sha256, seconds: file.seconds } })
    await remember(context, file.seconds)
    return `${file.file} · ${size(file.bytes)} · verified`
  },
}

/** A note that can not be kept harms nobody: the next plan only knows less. */
async function remember({ plan, ports }: Context, seconds: number): Promise<void> {
  if (plan.database === undefined) return
  await ports.experience?.add({ backup: { databaseBytes: plan.database.bytes, seconds } }).catch(() => undefined)
}

function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(0)} kB`
  return `${(bytes / 1024 ** 2).toFixed(1)} MB`
}
