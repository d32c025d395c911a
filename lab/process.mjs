// Starting other programs: always an argument array, never a shell string.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

// A root shell made by `su` may lack the folders in which dockerd and iptables are.
const searchPath = [process.env.PATH ?? '', '/usr/sbin', '/sbin'].join(delimiter)
export const childEnvironment = environment => ({ ...process.env, PATH: searchPath, ...environment })
export const hasProgram = name => searchPath.split(delimiter).some(folder => folder && existsSync(join(folder, name)))

/** Runs a program to its end. Never throws on a non-zero exit: `code` tells. A missing program gives code 127. */
export function attempt(command, argumentList, options = {}) {
  const { input, timeout, environment, ...rest } = options
  return new Promise(resolve => {
    const child = spawn(command, argumentList, {
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      env: childEnvironment(environment),
      ...rest,
    })
    const output = []
    const errors = []
    let timedOut = false
    const timer = timeout
      ? setTimeout(() => {
          timedOut = true
          child.kill('SIGKILL')
        }, timeout)
      : undefined
    child.stdout.on('data', chunk => output.push(chunk))
    child.stderr.on('data', chunk => errors.push(chunk))
    const finish = (code, extra) => {
      clearTimeout(timer)
      const stdout = Buffer.concat(output).toString('utf8')
      const stderr = Buffer.concat(errors).toString('utf8') + (extra ?? '')
      resolve({ code, stdout, stderr, timedOut })
    }
    child.on('error', error => finish(error.code === 'ENOENT' ? 127 : 126, error.message))
    child.on('close', code => finish(code ?? 1))
    if (input !== undefined) {
      child.stdin.on('error', () => {}) // the child may end before it has read everything
      if (typeof input.pipe === 'function') input.pipe(child.stdin)
      else child.stdin.end(input)
    }
  })
}

/** Runs a program and throws, with the end of what it printed, if it fails. */
export async function run(command, argumentList, options = {}) {
  const result = await attempt(command, argumentList, options)
  if (result.code === 0) return result.stdout
  const printed = `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-15).join('\n  ')
  const why = result.timedOut ? 'took too long' : `ended with ${result.code}`
  const error = new Error(`${command} ${argumentList.join(' ')} ${why}:\n  ${printed}`)
  error.printed = printed
  throw error
}

/** Connects programs like a pipeline, without a shell: the output of the first is the input of the second. */
export async function pipeline(first, second, options = {}) {
  const environment = childEnvironment(options.environment)
  const source = spawn(first[0], first[1], { stdio: ['ignore', 'pipe', 'pipe'], env: environment })
  let sourceErrors = ''
  source.stderr.on('data', chunk => {
    sourceErrors = (sourceErrors + chunk).slice(-4000)
  })
  const sourceEnd = new Promise(resolve => {
    source.on('error', error => resolve(error.message))
    source.on('close', code => resolve(code === 0 ? undefined : sourceErrors || `exit ${code}`))
  })
  const sink = attempt(second[0], second[1], { input: source.stdout, environment: options.environment })
  const [sourceProblem, result] = await Promise.all([sourceEnd, sink])
  if (sourceProblem) throw new Error(`${first[0]} failed:\n  ${sourceProblem.trim()}`)
  if (result.code !== 0) throw new Error(`${second[0]} failed:\n  ${result.stderr.trim()}`)
  return result.stdout
}

/** Prints one line when a long step begins and one, with the seconds, when it ends. */
export async function step(log, title, work) {
  const began = process.hrtime.bigint()
  log(`${title} ...`)
  const result = await work()
  const seconds = Number(process.hrtime.bigint() - began) / 1e9
  log(`${title}: done in ${seconds.toFixed(1)} s`)
  return result
}

/**
 * Holds an exclusive file lock while `work` runs. `flock` keeps the lock for as long as its `cat` lives, and
 * `cat` ends with our end of its pipe: however this process dies, the lock is free again.
 */
export async function withLock(file, log, work) {
  mkdirSync(dirname(file), { recursive: true })
  const holder = spawn('flock', ['--exclusive', file, 'cat'], { stdio: ['pipe', 'pipe', 'ignore'], detached: true })
  const waiting = setTimeout(() => log('waiting for another process that is setting up the lab'), 1000)
  try {
    await new Promise((resolve, reject) => {
      // Where there is no `flock` (not Linux) there is no daemon of ours either: go on without a lock.
      holder.on('error', error => (error.code === 'ENOENT' ? resolve() : reject(error)))
      holder.on('close', () => reject(new Error(`could not lock ${file}`)))
      holder.stdout.once('data', resolve) // cat answers only once the lock is held
      holder.stdin.on('error', () => {})
      holder.stdin.write('.')
    })
    clearTimeout(waiting)
    return await work()
  } finally {
    clearTimeout(waiting)
    holder.stdin?.end()
  }
}

export const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds))

/** Progress goes to standard error, so that standard output stays usable by `eval` and pipes. */
export const logToStandardError = line => process.stderr.write(`[lab] ${line}\n`)
