import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { followingOver, type Channel } from '../../../src/runner/agreement/following.ts'

const key = 'd1@2026-11-21T10:00:00.000Z'
const limits = { connectMs: 200, answerMs: 200, pauseMs: 50 }

interface Other {
  channel: Channel
  /** Lines that came. */
  heard: string[]
  says(text: string): void
  ends(why: string): void
  closed: boolean
}

/** The other side of a connection, which answers as it is told to. */
function otherSide(answers: (line: string, other: Other) => void): Other {
  const input = new PassThrough()
  const output = new PassThrough()
  let ended: (why: string) => void = () => undefined
  const other: Other = {
    heard: [],
    closed: false,
    says: text => void output.write(text),
    ends(why) {
      output.end()
      ended(why)
    },
    channel: {
      input,
      output,
      ended: new Promise(resolve => (ended = resolve)),
      close: () => (other.closed = true),
    },
  }
  input.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.split('\n').filter(Boolean)) {
      other.heard.push(line)
      answers(line, other)
    }
  })
  return other
}

function follower(others: Other[]) {
  let connections = 0
  const port = followingOver(
    async () => {
      const other = others[connections++]
      if (other === undefined) throw new Error('no more connections')
      return other.channel
    },
    { server: 'a', key, limits },
  )
  return { port, connections: () => connections }
}

const greeting = 'slipway agreement 1\n'
const answer = (line: string, other: Other): void =>
  other.says(`${JSON.stringify({ of: (JSON.parse(line) as { ask: number }).ask, decisions: { holds: true } })}\n`)

test('asks over one connection, whatever a login prints before, and several questions at once', async () => {
  const other = otherSide(answer)
  other.says(`Welcome to Debian\n{"of":1,"decisions":{"outcome":"switch"}}\n${greeting}`)
  const { port, connections } = follower([other])
  const answers = await Promise.all([port.ask(key), port.ask(key, { stage: 'begun' }), port.ask(key)])
  expect(answers).toEqual([{ holds: true }, { holds: true }, { holds: true }])
  expect(connections()).toBe(1)
  expect(other.heard.map(line => JSON.parse(line) as object)[1]).toMatchObject({ key, report: { stage: 'begun' } })
})

test('answers belong to their questions, in whatever order they come', async () => {
  const waiting: string[] = []
  const other = otherSide(line => {
    waiting.push(line)
    if (waiting.length < 2) return
    other.says('{"of":2,"decisions":{"outcome":"back"}}\n{"of":1,"decisions":{"outcome":"switch"}}\n')
  })
  other.says(greeting)
  const { port } = follower([other])
  expect(await Promise.all([port.ask(key), port.ask(key)])).toEqual([{ outcome: 'switch' }, { outcome: 'back' }])
})

test('a connection that is lost is an error that says why, and the next question makes another', async () => {
  const first = otherSide((_, other) => other.ends('Connection reset by peer'))
  const second = otherSide(answer)
  first.says(greeting)
  second.says(greeting)
  const { port, connections } = follower([first, second])
  await expect(port.ask(key)).rejects.toMatchObject({ code: 'ELSEWHERE_FAILED', why: 'Connection reset by peer' })
  await expect(port.ask(key)).rejects.toMatchObject({ why: 'Connection reset by peer' })
  expect(connections()).toBe(1)
  await new Promise(resolve => setTimeout(resolve, limits.pauseMs + 10))
  expect(await port.ask(key)).toEqual({ holds: true })
  expect(first.closed).toBe(true)
})

test('one that was ended while nothing was asked is no error', async () => {
  const first = otherSide(answer)
  const second = otherSide(answer)
  first.says(greeting)
  second.says(greeting)
  const { port, connections } = follower([first, second])
  await port.ask(key)
  first.ends('nothing was asked')
  await new Promise(resolve => setTimeout(resolve, 10))
  expect(await Promise.all([port.ask(key), port.ask(key)])).toEqual([{ holds: true }, { holds: true }])
  expect(connections()).toBe(2)
})

test.each([
  ['lets nobody in', (): void => undefined, '', 'it does not let this server in'],
  ['does not answer', (): void => undefined, greeting, 'it does not answer'],
  ['says rubbish', (_: string, other: Other) => other.says('rubbish\n'), greeting, 'its answer can not be read'],
  [
    'decides what nobody knows',
    (_: string, other: Other) => other.says('{"of":1,"decisions":{"outcome":"perhaps"}}\n'),
    greeting,
    'its answer can not be read',
  ],
  ['never ends its line', (_: string, other: Other) => other.says('x'.repeat(10_000)), greeting, expect.any(String)],
  ['can not read its journal', (_: string, other: Other) => other.says('{"of":1,"failed":"EIO"}\n'), greeting, 'EIO'],
])('the other side %s: an error within seconds', async (_, answers, says, why) => {
  const other = otherSide(answers)
  other.says(says)
  const { port } = follower([other])
  await expect(port.ask(key)).rejects.toMatchObject({ code: 'ELSEWHERE_FAILED', why })
})

test('a reason too long for a question is cut before it is sent', async () => {
  const other = otherSide(answer)
  other.says(greeting)
  await follower([other]).port.ask(key, { stage: 'failed', why: 'x'.repeat(100_000) })
  expect(other.heard[0]?.length).toBeLessThan(8 * 1024)
})
