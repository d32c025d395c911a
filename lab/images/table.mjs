// What the lab knows to build when no registry answers. To add an image: a folder with a Dockerfile, a line in
// `recipes`, and its usual names in `images`. Every recipe starts from `slipway-lab/debian:bookworm`.
import { releases } from './releases.mjs'

export const baseImage = (release = 'bookworm') => `slipway-lab/${releases[release].system}:${release}`
export const packageListsImage = (release = 'bookworm') => `slipway-lab/package-lists:${release}`

export const recipes = {
  // The slowest first: with two at a time, the long one should not be the last to start.
  postgres: { really: 'PostgreSQL 15 of Debian bookworm (server and clients of one major), without JIT' },
  node: { really: 'Node.js 22 and npm 10 of the npm registry on Debian bookworm, without yarn and corepack' },
  caddy: { really: 'Caddy 2.6 of Debian bookworm' },
  redis: { really: 'Redis 7.0 of Debian bookworm' },
  'docker-cli': { really: 'the docker program of this machine, with Compose and buildx' },
}

export const images = {
  'node:22-bookworm-slim': 'node',
  'node:22-slim': 'node',
  'postgres:16-alpine': 'postgres',
  'postgres:16': 'postgres',
  'caddy:2': 'caddy',
  'caddy:2-alpine': 'caddy',
  'redis:7-alpine': 'redis',
  'redis:7': 'redis',
  'docker:28-cli': 'docker-cli',
}

/** What the project's demo and tests use. */
export const usualImages = ['node:22-bookworm-slim', 'postgres:16-alpine', 'caddy:2', 'redis:7-alpine']
