// What `curl -f` does, without installing curl: exit 0 only if health answers, and with a good status.
const address = `http://127.0.0.1:${process.env.PORT ?? 3000}/api/v1/health`
const answer = await fetch(address, { signal: AbortSignal.timeout(2_500) }).catch(error => error)
if (!answer.ok) console.error(`${address}: ${answer.status ?? answer.cause?.message ?? answer.message}`)
process.exit(answer.ok ? 0 : 1)
