import { describe, expect, it } from 'vitest'
import type { ComposeDocument } from '../../src/config/document.ts'
import type { EnvironmentConfig } from '../../src/config/model.ts'
import { detectServices } from '../../src/config/roles.ts'
import { isStateImage } from '../../src/config/state-images.ts'
import { environmentConfig } from './subject.ts'

describe('detectServices', () => {
  it('tells web, worker, state and job apart', () => {
    const { services, problems } = detect({
      api: {
        build: {},
        ports: [{ target: 3000, published: '80' }],
        depends_on: { seed: { condition: 'service_completed_successfully' } },
      },
      admin: { image: 'admin:1', expose: ['8080/tcp'] },
      mail: { build: {} },
      db: { image: 'postgis/postgis:16-3.4' },
      custom: { build: {}, image: 'postgres' },
      seed: { build: {}, ports: [{ target: 1 }] },
      once: { build: {}, restart: 'no' },
      watched: { build: {}, restart: 'no', healthcheck: { test: ['CMD', 'true'] } },
    })
    expect(problems).toEqual([])
    expect(Object.fromEntries(services.map(({ name, role, port }) => [name, port ?? role]))).toEqual({
      api: 3000,
      admin: 8080,
      mail: 'worker',
      db: 'state',
      custom: 'worker',
      seed: 'job',
      once: 'job',
      watched: 'worker',
    })
  })

  it('believes slipway.yaml before all', () => {
    const { services } = detect(
      {
        db: { image: 'postgres' },
        pg: { build: {} },
        api: { build: {}, ports: [{ target: 1 }] },
        cron: { build: {}, expose: ['1'] },
      },
      {
        database: { service: 'pg' },
        services: {
          db: { role: 'worker', hosts: [] },
          api: { port: 4000, hosts: ['a.example'] },
          cron: { role: 'worker', hosts: [] },
        },
      },
    )
    expect(services).toMatchObject([
      { name: 'db', role: 'worker' },
      { name: 'pg', role: 'state' },
      { name: 'api', role: 'web', port: 4000, hosts: ['a.example'] },
      { name: 'cron', role: 'worker' },
    ])
  })

  it('makes a web service of what has a port, hosts or health in slipway.yaml', () => {
    const { services, problems } = detect(
      { api: { build: {} }, app: { build: {} } },
      { services: { api: { port: 1, hosts: [] }, app: { hosts: ['a.example'] } } },
    )
    expect(services.map(service => service.role)).toEqual(['web', 'web'])
    expect(problems).toMatchObject([
      { severity: 'error', path: 'services.app.port', message: expect.stringContaining('port') as string },
    ])
  })

  it('gives the health path to web services, and the timing to all', () => {
    const health = { path: '/health', warmUp: ['/orders'], intervalMs: 1, deadlineMs: 2, timeoutMs: 3 }
    const { services } = detect(
      { api: { expose: ['1'] }, other: { expose: ['1'] }, worker: { build: {} } },
      { health, services: { other: { hosts: [], health: { path: '/x', deadlineMs: 9 } } } },
    )
    expect(services.map(service => service.health)).toEqual([
      health,
      { ...health, path: '/x', deadlineMs: 9 },
      { intervalMs: 1, deadlineMs: 2, timeoutMs: 3 },
    ])
  })

  it.each([
    [{ test: ['CMD', 'x'] }, true],
    [{ test: 'x' }, true],
    [{ interval: '5s' }, true],
    [{}, false],
    [{ disable: true, test: ['CMD', 'x'] }, false],
    [{ test: ['NONE'] }, false],
    [{ test: 'NONE' }, false],
    [undefined, false],
  ])('health check %j counts: %s', (healthcheck, counts) => {
    const { services } = detect({ a: { build: {}, ...(healthcheck === undefined ? {} : { healthcheck }) } })
    expect(services[0]?.dockerHealth).toBe(counts)
  })

  it('counts replicas of what can have several', () => {
    const { services } = detect({
      a: { build: {}, deploy: { replicas: 3 } },
      b: { build: {}, scale: 2 },
      c: { build: {}, deploy: { replicas: 0 } },
      db: { image: 'redis', deploy: { replicas: 3 } },
    })
    expect(services.map(service => service.replicas)).toEqual([3, 2, 0, 1])
  })

  it('refuses a web service without anybody to answer for it', () => {
    const found = detect({ a: { build: {}, expose: [80], scale: 0 }, b: { build: {}, scale: 0 } }).problems
    expect(found.map(({ path, severity }) => `${severity} ${path}`)).toEqual(['error services.a'])
  })

  it('is not fooled by services named like what objects inherit', () => {
    const services = Object.fromEntries(['constructor', 'toString', '__proto__'].map(name => [name, { build: {} }]))
    expect(detect(services).services.map(({ name, role, hosts }) => ({ name, role, hosts }))).toEqual([
      { name: 'constructor', role: 'worker', hosts: [] },
      { name: 'toString', role: 'worker', hosts: [] },
      { name: '__proto__', role: 'worker', hosts: [] },
    ])
  })

  it.each([
    ['postgres', true],
    ['docker.io/library/postgres:16-alpine', true],
    ['registry.example:5000/team/redis@sha256:00', true],
    ['timescale/timescaledb-ha:pg16', true],
    ['mcr.microsoft.com/mssql/server:2022', true],
    ['minio/minio:latest', true],
    ['minio/mc', false],
    ['prom/postgres-exporter', false],
    ['shop/postgres-backup:1', false],
    ['registry.example:5000/server', false],
    ['', false],
  ])('image %s is a state server: %s', (image, expected) => {
    expect(isStateImage(image)).toBe(expected)
  })
})

function detect(services: ComposeDocument['services'], overrides: Partial<EnvironmentConfig> = {}) {
  return detectServices({ services }, environmentConfig(overrides))
}
