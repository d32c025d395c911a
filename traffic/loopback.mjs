// Load goes to this machine only, whatever a configuration says.
const loopback = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\])$/

/** { hostname, port } for node:http. Throws for every address that is not this machine's own. */
export function loopbackAddress(baseUrl) {
  const url = new URL(baseUrl)
  if (url.protocol !== 'http:') throw new Error(`traffic speaks plain http:// only, not ${url.protocol}//`)
  if (!loopback.test(url.hostname)) throw new Error(`traffic goes to loopback addresses only, not to ${url.hostname}`)
  // Names are resolved by files that anyone may have edited; the address itself can not lie.
  const hostname = url.hostname === 'localhost' ? '127.0.0.1' : url.hostname.replace(/^\[|\]$/g, '')
  return { hostname, port: Number(url.port || 80) }
}
