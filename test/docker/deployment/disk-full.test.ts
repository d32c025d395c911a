import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../../../packages/slipway/src/support/run.ts'
import { Pulse } from '../../soak/pulse.mjs'
import { sample } from '../sample.ts'

/** A file system of its own for SLIPWAY_HOME, which is full from a certain step on. Only root may mount one. */
const isRoot = process.getuid?.() === 0
let home: string
let pulse: Pulse

beforeAll(async () => {
  if (!isRoot) return
  home = await mkdtemp(join(tmpdir(), 'slipway-full-'))
  await mount(['-t', 'tmpfs', '-o', 'size=400m,mode=700', 'slipway-full', home])
  pulse = await Pulse.create({ home, deadline: '8s' })
  await pulse.version(1)
  const { exitCode, stderr } = await pulse.slipway('deploy', 'prod')
  expect(exitCode, stderr).toBe(0)
}, 120_000)

afterAll(async () => {
  if (!isRoot) return
  await pulse.destroy()
  await run('umount', [home])
  await rm(home, { recursive: true, force: true })
})

async function mount(argv: string[]): Promise<void> {
  const { exitCode, stderr } = await run('mount', argv)
  expect(exitCode, stderr).toBe(0)
}

/** No room at all, however much was used. */
async function fill(): Promise<void> {
  const { blocks, bfree, bsize } = await statfs(home)
  await mount(['-o', `remount,size=${(blocks - bfree) * bsize}`, home])
}

test.runIf(isRoot).each(sample(1, [/ migrate +started/, / backup +started/, / hold +started/, / start +started/]))(
  'the disk is full at %s: it says so, and when there is room again all is old',
  async when => {
    await pulse.version(2)
    let filled: Promise<void> | undefined
    const { ended } = pulse.start(['deploy', 'prod'], line => {
      if (filled === undefined && when.test(line)) filled = fill()
    })
    const { exitCode, stderr } = await ended
    await filled
    expect(exitCode, stderr).not.toBe(0)
    expect(stderr).toMatch(/DISK_FULL|no space left/i)
    await mount(['-o', 'remount,size=400m', home])
    // Its guardian goes on trying.
    expect(await pulse.settled(60_000)).toBe(true)
    const resumed = await pulse.slipway('resume', 'prod')
    expect(resumed.exitCode, resumed.stderr).toBe(0)
    const { web, schema, running } = await pulse.versions()
    expect([web, schema, ...running.map(each => each.version)]).toEqual(['1', '1', '1', '1'])
    expect(await pulse.leaks()).toEqual([])
  },
  180_000,
)
