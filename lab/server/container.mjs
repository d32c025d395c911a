// One server as a container.
import { attempt, pause, run } from '../process.mjs'

/** What a server may do: all but what a machine like this may itself not have, in namespaces of its own. */
const freedom = [
  ...['--cap-add', 'ALL', '--cap-drop', 'SYS_RESOURCE', '--cap-drop', 'SYS_TIME', '--cap-drop', 'SYS_MODULE'],
  ...['seccomp', 'apparmor', 'systempaths'].flatMap(what => ['--security-opt', `${what}=unconfined`]),
  ...['--device-cgroup-rule', 'a *:* rwm', '--cgroupns', 'private'],
  ...['--tmpfs', '/run', '--tmpfs', '/run/lock', '--tmpfs', '/tmp:exec,mode=1777'],
]

export async function runServer({ container, volume, image, network, address, hostName, authorizedKey, environment }) {
  await run(
    'docker',
    [
      ...['run', '--detach', '--name', container, '--hostname', hostName ?? container],
      ...['--label', 'slipway.lab=server'],
      ...freedom,
      // Overlay file systems do not lie on each other: Docker inside has its data on a volume.
      ...['--volume', `${volume}:/var/lib/docker`],
      // Newer ones keep images there.
      ...['--volume', '/var/lib/containerd'],
      ...['--network', network],
      ...(address === undefined ? [] : ['--ip', address]),
      ...(authorizedKey === undefined ? [] : ['--env', `LAB_AUTHORIZED_KEY=${authorizedKey}`]),
      image,
    ],
    { environment },
  )
}

export async function waitForDocker(container, environment, limit = startLimitMs) {
  await until(limit, `Docker in ${container}`, async () => {
    const asked = await attempt('docker', ['exec', container, 'docker', 'version', '--format', '{{.Server.Version}}'], {
      environment,
    })
    return asked.code === 0
  })
}

export async function until(limit, what, holds) {
  const end = Date.now() + limit
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`${what} did not answer within ${limit / 1000} s`)
    await pause(50)
  }
}

/** A machine that comes up beside others that are busy. */
export const startLimitMs = 120_000
