import { deploy, plain, type Fault, type FaultKind, type Schedule } from './schedule.ts'

/** Bugs that random schedules have found, each as its shortest story. They stay. */
export const namedCases: Record<string, Schedule> = {
  'a call that hangs while the hold is set up ends at the limit of the hold': serving(
    deploy({ migration: 'incompatible' }, [fault('edge.inFlight', 'hang')]),
  ),
  'a copy that is still being removed when the process dies after the switch is removed by the next run': rehearsed(
    deploy({ migration: 'compatible' }, [fault('releases.setCurrent', 'die-after')]),
  ),
  'a copy that could not be removed beside the deployment is removed at its end': rehearsed(
    deploy({ migration: 'compatible' }, [fault('rehearsals.remove', 'fail-before')]),
  ),
  'a backup that turns out bad ends the deployment, whatever was made of it meanwhile': rehearsed(
    deploy({ migration: 'compatible' }, [fault('backups.verify', 'fail-after')]),
  ),
  'what was made ready beside the rehearsal goes when the process dies with it': rehearsed(
    deploy({ migration: 'compatible' }, [fault('engine.makeReady', 'die-after')]),
  ),
  'what was made ready goes when the rehearsal is the last that was done': rehearsed(
    deploy({ migration: 'compatible' }, [fault('journal step-started state', 'die-before')]),
  ),
  'a door that was opened ahead, and reported as shut, is shut when the deployment goes back': rehearsed(
    deploy({ migration: 'compatible' }, [
      fault('edge.openDoor', 'fail-after'),
      fault('engine.ensureState', 'fail-before'),
    ]),
  ),
  'what can not be made ready is made when it is started': rehearsed(
    deploy({ migration: 'incompatible' }, [fault('engine.makeReady', 'fail-before')]),
  ),
  'the copy is not gone before what was made ready on it': rehearsed(
    deploy({ migration: 'compatible' }, [fault('journal step-started backup', 'fail-after')]),
  ),
  'nobody waits while the copy is being removed': rehearsed(deploy({ migration: 'incompatible' })),
  'a snapshot that hangs ends at the limit of the hold': serving(
    deploy({ migration: 'incompatible' }, [fault('database.snapshot', 'time-out')]),
  ),
  'a swap back that died after its effect is taken up again by the next run': serving(
    deploy({ migration: 'incompatible', health: 'worker-crash' }, [fault('database.swapIn', 'die-after')]),
  ),
  'a swap back that reports a failure is not repeated under another name': serving(
    deploy({ migration: 'incompatible', health: 'worker-crash' }, [fault('database.swapIn', 'fail-after')]),
  ),
  'dying after the half-migrated database was dropped does not bring it to need a person': serving(
    deploy({ migration: 'incompatible', health: 'worker-crash' }, [fault('database.drop', 'die-after')]),
  ),
  'a journal that fails to note the swap back notes it at the next attempt': serving(
    deploy({ migration: 'incompatible', health: 'worker-crash' }, [
      fault('journal step-fact migrate#2', 'fail-before'),
      fault('database.drop', 'die-after'),
    ]),
  ),
  'a step whose start was noted, and reported as not noted, is undone by this run as by the next': serving(
    deploy({ migration: 'incompatible' }, [
      fault('journal step-started migrate', 'fail-after'),
      fault('database.drop', 'die-after'),
    ]),
  ),
  'writes made after letting go are not swapped away when the drop of the snapshot was cut off': serving(
    deploy({ migration: 'incompatible' }, [
      fault('journal step-started migrate', 'fail-after'),
      fault('edge.letGo', 'die-after'),
    ]),
  ),
  'older data that was swapped in by a process that died at once is swapped out again': serving(
    deploy({ migration: 'incompatible' }),
    { kind: 'rollback', to: 'previous', data: 'restore', faults: [fault('database.swapIn', 'die-after')] },
  ),
  'older data that was swapped out by a process that died at once stays out': serving(
    deploy({ migration: 'incompatible' }),
    {
      kind: 'rollback',
      to: 'previous',
      data: 'restore',
      faults: [fault('engine.start', 'fail-before'), fault('database.swapIn#2', 'die-after')],
    },
  ),
  'older data that was prepared and dropped by a process that died then was never the live one': serving(
    deploy({ migration: 'none' }),
    {
      kind: 'rollback',
      to: 'previous',
      data: 'restore',
      faults: [fault('database.swapIn', 'fail-before'), fault('database.drop', 'die-after')],
    },
  ),
  'older data that was swapped out again does not push out what an earlier rollback left behind': serving(
    deploy({ migration: 'incompatible' }),
    deploy({ migration: 'none' }),
    { kind: 'rollback', to: 'previous', data: 'restore', faults: [fault('journal step-fact switch', 'die-before')] },
    { kind: 'rollback', to: 'previous', data: 'restore', faults: [fault('journal step-fact migrate', 'die-before')] },
    deploy({ migration: 'none' }),
  ),
  'that a release goes back is on the disk before anything else is done, whatever the note of it says': {
    begins: 'serving',
    settings: { ...plain, watch: true },
    operations: [deploy({ health: 'turns-bad', migration: 'none' }, [fault('journal step-fact watch', 'fail-after')])],
  },
  'a release that does not become healthy does not leave the front its site': serving(deploy({ health: 'never' })),
  'a process that dies once the front has the site of its release leaves the next run to bring the old one back':
    serving(deploy({}, [fault('edge.ensureFront', 'die-after')])),
  'a first deployment that fails takes its site with it': {
    begins: 'empty',
    settings: plain,
    operations: [deploy({ migration: 'compatible', health: 'never' })],
  },
  'a rollback that fails in a hold brings the site back': serving(deploy({ migration: 'incompatible' }), {
    kind: 'rollback',
    to: 'previous',
    data: 'restore',
    faults: [fault('engine.start', 'fail-after')],
  }),
  'what was asked for the release that serves goes when it turns out not to be looked at': {
    begins: 'serving',
    settings: { ...plain, warm: true },
    operations: [
      deploy(),
      { kind: 'rollback', to: 'previous', data: 'ask', faults: [] },
      deploy({ content: 'same' }, [fault('engine.containers', 'fail-before')]),
    ],
  },
  'what serves is deployed again after it was switched to and cut off': {
    ...serving(
      deploy({ migration: 'incompatible' }, [fault('edge.answered', 'hang')]),
      deploy({ content: 'same', migration: 'none' }),
    ),
    settings: { ...plain, rehearse: true, watch: true },
  },
}

function serving(...operations: Schedule['operations']): Schedule {
  return { begins: 'serving', settings: plain, operations }
}

function rehearsed(...operations: Schedule['operations']): Schedule {
  return { begins: 'serving', settings: { ...plain, rehearse: true }, operations }
}

function fault(at: string, kind: FaultKind): Fault {
  return { at, kind }
}
