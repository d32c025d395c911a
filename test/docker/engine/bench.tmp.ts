import { engineLab, docker } from './lab.ts'
import { buildImages } from '../../../packages/slipway/src/engine/images.ts'
const t = async <T>(name: string, f: () => Promise<T>): Promise<T> => { const s = performance.now(); const r = await f(); console.log(name, Math.round(performance.now() - s)); return r }
const lab = await engineLab()
try {
  await lab.write('server.mjs', `import {createServer} from 'node:http';createServer((q,r)=>r.end('ok')).listen(3000);process.on('SIGTERM',()=>process.exit(0))`)
  await lab.write('worker.mjs', `setInterval(()=>{},1000);process.on('SIGTERM',()=>process.exit(0))`)
  await lab.write('Dockerfile', `FROM node:22-bookworm-slim\nCOPY *.mjs /\nCMD ["node","/worker.mjs"]\n`)
  await lab.write('compose.yaml', `services:
  api: {image: "node:22-bookworm-slim", command: [node, /server.mjs], volumes: ["./server.mjs:/server.mjs:ro"]}
  jobs: {build: .}
  redis: {image: "redis:7-alpine", volumes: ["data:/data"]}
volumes: {data: {}}
`)
  const roles = { api: 'web', jobs: 'worker', redis: 'state' } as const
  const r1 = await t('fetch', () => lab.fetch('r1', roles))
  const r2 = await t('fetch cached', () => lab.fetch('r2', roles))
  await t('build cached', () => buildImages(r2.directory + '/build.compose.json', r2.directory, lab.project + '-build'))
  console.log(r1.fingerprint === r2.fingerprint)
  await t('ensureState first', () => lab.engine.ensureState(r1))
  await t('ensureState again', () => lab.engine.ensureState(r1))
  await t('stateMatches', () => lab.engine.stateMatches(r1))
  await t('doorNetworks', () => lab.engine.doorNetworks(r1))
  await t('start', () => lab.engine.start(r1))
  await t('start again', () => lab.engine.start(r1))
  await t('ensureState r2', () => lab.engine.ensureState(r2))
  await t('start r2', () => lab.engine.start(r2))
  await t('containers', () => lab.engine.containers(r2))
  await t('quiet', () => lab.engine.quietWorkers(r1))
  await t('wake', () => lab.engine.wakeWorkers(r1))
  await t('remove r1', () => lab.engine.remove(r1, 'gracefully'))
  await t('remove r2', () => lab.engine.remove(r2, 'gracefully'))
} finally { await lab.end() }
