// Real kills of a Docker daemon of our own, and of the machine under it: half of them with containers that die with the
// daemon, half with such as outlive it. Needs root.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { OwnDocker } from './own-docker.mjs'

/** more: settings of Pulse. Returns what `runRealKills` does, added up. */
export async function runDaemonKills({ kills, seed, log = () => {}, ...more }) {
  const total = { kills: 0, mixed: 0, stuck: 0, lost: 0, leaks: 0 }
  for (const liveRestore of [false, true]) {
    const wanted = liveRestore ? Math.floor(kills / 2) : Math.ceil(kills / 2)
    if (wanted === 0) continue
    const docker = await OwnDocker.create({ liveRestore })
    try {
      const result = await inside(docker, { ...more, kills: wanted, seed: seed + Number(liveRestore) })
      for (const name of Object.keys(total)) total[name] += result[name]
      const { failedRequests, requests, acknowledged } = result
      log(JSON.stringify({ liveRestore, failedRequests, requests, acknowledged }))
    } finally {
      await docker.destroy()
    }
  }
  return total
}

/** The front listens where the daemon's network is, so whoever asks it has to be there too. */
async function inside(docker, wanted) {
  const { base, namespace, liveRestore } = docker
  const program = fileURLToPath(new URL('daemon-kills-inside.mjs', import.meta.url))
  const order = JSON.stringify({ ...wanted, place: { base, namespace, liveRestore } })
  const [command, argv] = docker.argv(process.execPath, program, order)
  const child = spawn(command, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', text => (said += text))
  const code = await new Promise(resolve => child.on('close', resolve))
  if (code !== 0) throw new Error(`the kills of the daemon ended with code ${code}`)
  return JSON.parse(said)
}
