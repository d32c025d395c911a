import { request } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startAuthority, type Authority } from './authority.ts'
import { aConfig, aRelease, dockerOk, edgeLab, type EdgeLab } from './lab.ts'

/** Certificates for domains, from an authority that proves by ACME that the names lead here. */
const name = 'shop.example.com'
let project: string
let lab: EdgeLab
let authority: Authority
beforeAll(async () => {
  lab = await edgeLab()
  project = `${lab.prefix}-shop`
  authority = await startAuthority(lab, [name])
  await lab.startApp(project, 'r1')
})
afterAll(async () => {
  await authority.stop()
  await lab.end()
})

it('come by themselves, are kept through a new front, and nothing fails for want of the authority', async () => {
  const edge = lab.edge(project, { issuer: authority.issuer })
  const release = aRelease(project, 'r1', [{ name: 'web', hosts: [name] }])
  const config = aConfig(project, { mode: 'domains', domains: [name], email: 'ops@example.com' })
  await edge.ensureFront(release, config)
  await edge.openDoor(release, [await lab.network(project, 'r1')])
  await edge.switchTo(release)
  const first = await certificate()
  expect(first.names).toBe(`DNS:${name}`)
  await authority.stop()
  await dockerOk(['restart', '--time', '1', lab.edgeName])
  expect((await certificate()).serial).toBe(first.serial)
}, 60_000)

/** Whoever knows only the authority's root believes what the front shows, and is answered by the app. */
async function certificate(): Promise<{ names: string | undefined; serial: string }> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await asked()
    } catch (error) {
      if (attempt > 150) throw error
      await new Promise(next => setTimeout(next, 200))
    }
  }
}

function asked(): Promise<{ names: string | undefined; serial: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: lab.ports.https, servername: name, ca: authority.roots, agent: false }
    const asking = request({ ...options, headers: { host: name } }, answer => {
      const { subjectaltname, serialNumber } = (answer.socket as TLSSocket).getPeerCertificate()
      answer.resume()
      if (answer.statusCode === 200) resolve({ names: subjectaltname, serial: serialNumber })
      else reject(new Error(`status ${answer.statusCode}`))
    })
    asking.on('error', reject)
    asking.end()
  })
}
