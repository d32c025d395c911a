import { realpath, rm, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { slipwayHome } from '../../store/layout.ts'
import { SlipwayError } from '../../support/errors.ts'
import { isMissing, readIfPresent, writeAtomically } from '../../support/files.ts'
import { lastLines, run } from '../../support/run.ts'
import { unitName, unitText, type Unit } from './unit.ts'

/** What this machine does for Slipway when it starts. */
export interface AtStart {
  look(): Promise<AtStartReport>
  /** Safe to repeat. */
  install(): Promise<AtStartReport>
  remove(): Promise<AtStartReport>
}

export interface AtStartReport {
  file: string
  /** As it is, or would be, written. */
  unit: string
  /** `differs`: another one is installed. `off`: it is installed, and the start of the machine passes it by. */
  state: 'installed' | 'missing' | 'differs' | 'off'
  changed: boolean
}

/** With systemd. Whose home of Slipway it is, that user's environments it ends. */
export const systemdAtStart: AtStart = {
  look: async () => report(await wantedUnit(), false),

  async install() {
    const wanted = await wantedUnit()
    const before = await report(wanted, false)
    if (before.state === 'installed') return before
    assertRoot('installed')
    await onDisk('The unit could not be written', () => writeAtomically(file, wanted, 0o644))
    await systemctl('daemon-reload')
    await systemctl('enable', unitName)
    return report(wanted, true)
  },

  async remove() {
    const wanted = await wantedUnit()
    if ((await readIfPresent(file)) === undefined) return report(wanted, false)
    assertRoot('removed')
    await systemctl('disable', '--now', unitName)
    await onDisk('The unit could not be removed', () => rm(file, { force: true }))
    await systemctl('daemon-reload')
    return report(wanted, true)
  },
}

const file = join('/etc/systemd/system', unitName)

async function report(unit: string, changed: boolean): Promise<AtStartReport> {
  const found = await readIfPresent(file)
  const state = found === undefined ? 'missing' : found === unit ? await enabledState() : 'differs'
  return { file, unit, state, changed }
}

async function enabledState(): Promise<'installed' | 'off'> {
  const { stdout } = await run('systemctl', ['is-enabled', unitName], { timeoutMs })
  return stdout.trim() === 'enabled' ? 'installed' : 'off'
}

async function wantedUnit(): Promise<string> {
  const { exitCode } = await run('systemctl', ['--version'], { timeoutMs })
  if (exitCode !== 0) throw noSystemd()
  const home = slipwayHome()
  const user = await ownerOf(home)
  const unit: Unit = {
    program: await programPaths(user === undefined),
    user,
    variables: { SLIPWAY_HOME: home, ...variablesOfNow() },
  }
  return unitText(unit)
}

async function programPaths(asRoot: boolean): Promise<[string, string]> {
  const entry = process.argv[1]
  if (entry === undefined) throw new SlipwayError('BUG', 'It is not known where this command line lies')
  const program: [string, string] = [await realpath(process.execPath), await realpath(entry)]
  for (const path of asRoot ? program : []) await refuseForeign(path)
  return program
}

/** Who can change what root runs is root. */
async function refuseForeign(path: string): Promise<void> {
  const { uid, mode } = await stat(path)
  if (uid === 0 && (mode & writableByOthers) === 0) return
  throw new SlipwayError('SETUP_FAILED', `The start of the machine would run ${path} as root`, {
    why: 'others than root can change that file',
    state: 'nothing was changed',
    next: 'Install Slipway for the whole machine: sudo npm install --global slipway',
  })
}

const writableByOthers = 0o022

/** Undefined: root. The folder's owner, and not who asks: that one has to be root, whoever deploys. */
async function ownerOf(home: string): Promise<string | undefined> {
  const owner = await stat(home).catch((error: unknown) => {
    if (!isMissing(error)) throw error
    throw new SlipwayError('NO_RELEASE', `Nothing was deployed by this machine yet: there is no ${home}`, {
      why: 'the unit would not know whose environments to look after',
      state: 'nothing was changed',
      next: 'Deploy first. With sudo, name the folder of who deploys: sudo SLIPWAY_HOME=… slipway at-start --install',
    })
  })
  if (owner.uid === 0) return undefined
  const { exitCode, stdout } = await run('id', ['-nu', '--', String(owner.uid)], { timeoutMs })
  return exitCode === 0 ? stdout.trim() : String(owner.uid)
}

/** What decides which engine and which edge are meant; and where programs are found. None of them is a secret. */
function variablesOfNow(): Record<string, string> {
  const names = ['DOCKER_HOST', 'DOCKER_CONFIG', 'SLIPWAY_EDGE_NAME']
  const found = names.flatMap(name => {
    const value = process.env[name]
    return value === undefined || value === '' ? [] : [[name, value]]
  })
  const path = (process.env['PATH'] ?? '').split(':').filter(isAbsolute).join(':')
  return { ...(path === '' ? {} : { PATH: path }), ...Object.fromEntries(found) }
}

async function systemctl(...argv: string[]): Promise<void> {
  const { exitCode, stderr } = await run('systemctl', argv, { timeoutMs })
  if (exitCode === 0) return
  throw new SlipwayError('SETUP_FAILED', `systemctl ${argv.join(' ')} failed`, {
    output: lastLines(stderr),
    state: `${file} may be there and not take part in the start of the machine`,
    next: 'Mend what systemd says and run it again.',
  })
}

async function onDisk(attempted: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    throw new SlipwayError('SETUP_FAILED', attempted, {
      why: error instanceof Error ? error.message : String(error),
      cause: error,
    })
  }
}

function assertRoot(done: string): void {
  if (process.getuid?.() === 0) return
  throw new SlipwayError('USAGE', `The unit can only be ${done} by root`, {
    why: `it lies in ${file}`,
    state: 'nothing was changed',
    next: `sudo SLIPWAY_HOME=${slipwayHome()} slipway at-start --${done === 'installed' ? 'install' : 'remove'}`,
  })
}

function noSystemd(): SlipwayError {
  return new SlipwayError('SETUP_FAILED', 'This machine is not started by systemd', {
    state: 'nothing was changed',
    next: 'Let whatever starts it run, once Docker answers: slipway resume --all',
  })
}

const timeoutMs = 60_000
