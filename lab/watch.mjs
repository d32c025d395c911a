// Looks after the lab's daemon while tests run: one that hangs would take every test after it with it, each to its
// time limit. What its threads waited for is kept, and it is started anew.
import { daemonPid, endHangingDaemon, startDaemon } from './daemon.mjs'
import { labEnvironment } from './place.mjs'
import { attempt } from './process.mjs'

const everyMs = 15_000
const patienceMs = 90_000

/** Returns { stop, hangs }: how often it hung. Where another daemon is used than the lab's, nothing is done. */
export function watchDaemon(log) {
  const watch = { hangs: 0, stop: () => clearInterval(timer) }
  let looking = false
  const timer = setInterval(async () => {
    if (looking) return
    looking = true
    try {
      if (await hangs()) {
        watch.hangs += 1
        await startAnew(log)
      }
    } catch (error) {
      log(`the lab's Docker daemon: ${error.message}`)
    } finally {
      looking = false
    }
  }, everyMs)
  timer.unref()
  return watch
}

async function hangs() {
  if (daemonPid() === undefined) return false
  // Other questions are answered by the daemon alone; this one asks its containerd too.
  const asked = await attempt('docker', ['info', '--format', '{{.ServerVersion}}'], {
    environment: labEnvironment(),
    timeout: patienceMs,
  })
  return asked.timedOut
}

async function startAnew(log) {
  const pid = daemonPid()
  if (pid === undefined) return
  log(`the lab's Docker daemon (${pid}) has not answered for ${patienceMs / 1000} s: starting it anew`)
  for (const file of await endHangingDaemon(pid)) log(`what it was waiting for is in ${file}`)
  await startDaemon()
}
