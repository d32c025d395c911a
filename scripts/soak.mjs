#!/usr/bin/env node
// npm run soak [-- --simulated N --several N --real N --daemon N --deployments N --remote N --lock-outs N --seed S --json]:
// what takes too long for npm test. Without a kind, all of them; with some, only these.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { kinds } from '../test/soak/kinds.mjs'

const log = line => process.stderr.write(`${line}\n`)

async function main() {
  const wanted = options()
  if (wanted.schedule !== undefined) {
    const { replaySchedule } = await import('../test/soak/simulated.mjs')
    process.exitCode = (await replaySchedule(wanted.schedule, log)) > 0 ? 1 : 0
    return
  }
  log(`seed ${wanted.seed}`)
  const results = { seed: wanted.seed }
  let bad = 0
  for (const kind of kinds) {
    const count = wanted.counts[kind.option]
    const result = count === 0 ? kind.nothing : await kind.run(count, { ...wanted, log })
    results[kind.name] = result
    bad += kind.bad(result)
    if (count > 0) for (const line of kind.told(result)) log(line)
  }
  if (wanted.json) process.stdout.write(`${JSON.stringify(results)}\n`)
  process.exitCode = bad > 0 ? 1 : 0
}

function options() {
  const values = parse()
  const named = kinds.some(kind => values[kind.option] !== undefined)
  const counts = kinds.map(({ option, usually }) => [
    option,
    values[option] === undefined ? (named ? 0 : usually) : whole(values, option),
  ])
  return {
    counts: Object.fromEntries(counts),
    rate: Math.max(1, whole(values, 'rate')),
    seed: whole(values, 'seed') % 2 ** 31,
    workers: Math.max(1, whole(values, 'workers')),
    only: values.only,
    json: values.json,
    ...(values.schedule === undefined ? {} : { schedule: scheduleOf(values.schedule) }),
  }
}

function parse() {
  try {
    const { values } = parseArgs({
      options: {
        ...Object.fromEntries(kinds.map(kind => [kind.option, { type: 'string' }])),
        rate: { type: 'string', default: '100' },
        only: { type: 'string' },
        seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
        workers: { type: 'string', default: String(availableParallelism()) },
        schedule: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    })
    return values
  } catch (error) {
    return refuse(error.message)
  }
}

function whole(values, name) {
  const number = Number(values[name])
  return /^\d+$/.test(values[name]) && Number.isSafeInteger(number)
    ? number
    : refuse(`--${name} takes a whole number, not ${values[name]}`)
}

function scheduleOf(text) {
  try {
    return JSON.parse(text)
  } catch {
    return refuse('--schedule takes the JSON that a violation prints')
  }
}

function refuse(why) {
  log(why)
  process.exit(2)
}

await main()
