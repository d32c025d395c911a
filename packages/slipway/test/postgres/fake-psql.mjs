// Stands in for `docker exec -i … psql -f -`: acts on the lines it reads, and answers \echo as psql does.
import { createInterface } from 'node:readline'
import { appendFileSync } from 'node:fs'

const log = process.env.FAKE_PSQL_LOG
const note = text => appendFileSync(log, `${process.pid} ${text}\n`)
note(`started ${process.argv.slice(2).join(' ').slice(-200)}`)
const acts = {
  '\\echo': rest => process.stdout.write(`${rest}\n`),
  '\\connect': rest => {
    note(`connect ${rest}`)
    if (rest.includes('nowhere'))
      fail('psql:<stdin>:1: error: \\connect: connection failed: FATAL:  no such database', 3)
  },
  print: rest => process.stdout.write(`${rest}\n`),
  many: rest => process.stdout.write(`${'x'.repeat(1023)}\n`.repeat(Number(rest))),
  sleep: rest => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(rest)),
  fail: rest => fail(`psql:<stdin>:2: ERROR:  42601: ${rest}`, 3),
  leave: () => process.exit(0),
  die: () => process.kill(process.pid, 'SIGKILL'),
}

function fail(text, exitCode) {
  process.stderr.write(`${text}\n`)
  process.exit(exitCode)
}

for await (const line of createInterface({ input: process.stdin })) {
  const [word, ...rest] = line.split(' ')
  if (word in acts) acts[word](rest.join(' '))
}
note('ended')
