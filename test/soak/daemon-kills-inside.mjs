#!/usr/bin/env node
// Real kills of the Docker daemon and of the machine. Runs inside the daemon's network; scripts/soak.mjs starts it.
import { OwnDocker } from './own-docker.mjs'
import { runRealKills } from './real-kills.mjs'

const { place, ...wanted } = JSON.parse(process.argv[2])
const docker = new OwnDocker(place)
Object.assign(process.env, docker.environment)
const result = await runRealKills({ ...wanted, docker, log: line => process.stderr.write(`${line}\n`) })
process.stdout.write(JSON.stringify(result))
