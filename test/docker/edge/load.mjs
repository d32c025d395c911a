// An open loop of requests from a process of its own: half of them POST a body. Says in the end what became of them.
// node load.mjs PORT PER_SECOND SECONDS HOST
import { createHash } from 'node:crypto'
import { Agent, request } from 'node:http'

const [port, perSecond, seconds] = process.argv.slice(2, 5).map(Number)
const host = process.argv[5]
const agent = new Agent({ keepAlive: true, maxSockets: Infinity })
const body = Buffer.alloc(2000, 'x')
const sum = createHash('sha256').update(body).digest('hex')
const result = { sent: 0, ok: 0, failed: {}, lastFailedAt: 0, releases: {}, longestMs: 0 }
const took = []
let open = 0

function send(number) {
  const began = performance.now()
  const beganAt = Date.now()
  const posts = number % 2 === 1
  result.sent++
  open++
  const fail = why => {
    open--
    result.failed[why] = (result.failed[why] ?? 0) + 1
    result.lastFailedAt = Math.max(result.lastFailedAt, beganAt)
  }
  const asked = request({
    port,
    host: '127.0.0.1',
    agent,
    method: posts ? 'POST' : 'GET',
    path: `/?n=${number}`,
    headers: posts ? { host, 'content-length': body.length } : { host },
  })
  asked.on('error', error => fail(error.code ?? error.message))
  asked.on('response', answer => {
    let text = ''
    answer.on('data', chunk => (text += chunk))
    answer.on('error', error => fail(`response ${error.code}`))
    answer.on('end', () => {
      if (answer.statusCode !== 200) return fail(`status ${answer.statusCode}`)
      if (text === '') return fail(`empty ${JSON.stringify(answer.headers)}`)
      const said = JSON.parse(text)
      if (posts && said.sha256 !== sum) return fail('body')
      open--
      result.ok++
      result.releases[said.release] = (result.releases[said.release] ?? 0) + 1
      const milliseconds = performance.now() - began
      took.push(milliseconds)
      if (milliseconds > result.longestMs) result.longestMs = milliseconds
    })
  })
  asked.end(posts ? body : undefined)
}

const began = performance.now()
const timer = setInterval(() => {
  const due = Math.min(perSecond * seconds, ((performance.now() - began) / 1000) * perSecond)
  while (result.sent < due) send(result.sent)
  if (result.sent < perSecond * seconds) return
  clearInterval(timer)
  const finish = setInterval(() => {
    if (open > 0) return
    clearInterval(finish)
    took.sort((one, other) => one - other)
    const at = share => Math.round((took[Math.floor(took.length * share)] ?? 0) * 100) / 100
    console.log(JSON.stringify({ ...result, p50: at(0.5), p95: at(0.95), p99: at(0.99) }))
    process.exit(0)
  }, 10)
}, 2)
