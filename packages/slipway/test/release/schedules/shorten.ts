import { good, plain, type Operation, type Schedule } from './schedule.ts'

/** What is left when nothing more can be taken away or made plain without the failure going away. */
export async function shorten(schedule: Schedule, fails: (shorter: Schedule) => Promise<boolean>): Promise<Schedule> {
  for (const shorter of simpler(schedule)) {
    if (await fails(shorter)) return shorten(shorter, fails)
  }
  return schedule
}

function* simpler(schedule: Schedule): Generator<Schedule> {
  const { begins, operations, settings } = schedule
  if (begins === 'served-before') yield { ...schedule, begins: 'serving' }
  for (const index of operations.keys()) yield { ...schedule, operations: operations.toSpliced(index, 1) }
  for (const name of ['rehearse', 'watch', 'warm', 'webSockets'] as const) {
    if (settings[name] !== plain[name]) yield { ...schedule, settings: { ...settings, [name]: plain[name] } }
  }
  for (const [index, operation] of operations.entries()) {
    for (const plainer of plainerOperations(operation)) {
      yield { ...schedule, operations: operations.with(index, plainer) }
    }
  }
}

function* plainerOperations(operation: Operation): Generator<Operation> {
  for (const index of operation.faults.keys()) yield { ...operation, faults: operation.faults.toSpliced(index, 1) }
  if (operation.kind !== 'deploy') return
  for (const name of ['content', 'health', 'migration', 'migrator', 'rehearsal', 'state'] as const) {
    if (operation[name] !== good[name]) yield { ...operation, [name]: good[name] }
  }
}
