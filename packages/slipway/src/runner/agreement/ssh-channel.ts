import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { pinnedFileText } from '../../servers/ssh/pinned-keys.ts'
import { askingArgv, identityLink, pinnedFile } from '../../servers/ssh/ssh-argv.ts'
import type { Channel } from './following.ts'
import type { Way } from './way.ts'

/**
 * The system's ssh, with the follower's own key, to the server that is known by its pinned key. What is started there is
 * not ours to choose: the key is good for one command. It ends with this process, and does not keep it alive.
 */
export function overSsh(way: Way, key: string): Channel {
  // As every connection's: plain names, whatever path the key has.
  const folder = mkdtempSync('/tmp/slipway-ssh-')
  const leave = (): void => rmSync(folder, { recursive: true, force: true })
  writeFileSync(pinnedFile(folder), pinnedFileText(way, way.hostKeys), { mode: 0o600 })
  symlinkSync(key, identityLink(folder))
  const child = spawn('ssh', askingArgv({ ...way, identityFile: key }, folder), {
    // As in run.ts: Ctrl-C must not cut it off.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  process.once('exit', leave)
  let printed = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed = (printed + text).slice(-2000)))
  child.on('error', error => (printed += error.message))
  const ended = once(child, 'close')
    .catch(() => undefined)
    .then(() => {
      process.off('exit', leave)
      leave()
      return printed.trim().split('\n').at(-1) || 'it ended the connection'
    })
  child.unref()
  for (const each of [child.stdin, child.stdout, child.stderr]) if ('unref' in each) (each as { unref(): void }).unref()
  return {
    input: child.stdin,
    output: child.stdout,
    ended,
    close() {
      child.stdin.end()
      child.kill('SIGTERM')
    },
  }
}
