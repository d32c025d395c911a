/** A part of a text: from the first character to before the last. */
export interface Range {
  from: number
  to: number
}

/** The ways in which a secret value turns up in other programs' output. */
export function writtenForms(secret: string): string[] {
  const lines = secret.includes('\n') ? secret.split(/\r?\n/).filter(line => line.length >= shortestLine) : []
  return [secret, ...lines].flatMap(value => {
    const encoded = encodeUri(value)
    return [
      value,
      JSON.stringify(value).slice(1, -1),
      encoded,
      encoded.replace(/%[0-9A-F]{2}/g, hex => hex.toLowerCase()),
      encoded.replaceAll('%20', '+'),
      ...base64Forms(value),
    ]
  })
}

/** The places of passwords in URLs: `scheme://user:HERE@host`, and `https://HERE@host`, which is how tokens are written. */
export function passwordRanges(text: string): Range[] {
  const found: Range[] = []
  for (const pattern of [userAndPassword, tokenAlone]) {
    for (const match of text.matchAll(pattern)) {
      const [whole, before = ''] = match
      found.push({ from: match.index + before.length, to: match.index + whole.length - 1 })
    }
  }
  return found
}

/** A line of a key in PEM is found on its own, because logs are read line by line. */
const shortestLine = 12

/** The lengths are bounded so that no text, however long, makes these slow. */
const userAndPassword = /(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s:@/?#]{0,128}:)[^\s/?#]{1,512}@/gi
const tokenAlone = /(\bhttps?:\/\/)[^\s:@/?#]{1,512}@/gi

/** By way of UTF-8, because `encodeURIComponent` throws on half a surrogate pair. */
function encodeUri(value: string): string {
  return encodeURIComponent(Buffer.from(value).toString())
}

/** Base64 of the secret alone, and of its middle wherever it stands in a longer text, as in `user:password`. */
function base64Forms(value: string): string[] {
  const alone = Buffer.from(value).toString('base64')
  const inside = [0, 1, 2].map(before => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(value)])
    const text = bytes.toString('base64').replace(/=+$/, '')
    const skip = before === 0 ? 0 : before + 1
    return text.slice(skip, bytes.length % 3 === 0 ? undefined : -1)
  })
  const standard = [alone, alone.replace(/=+$/, ''), ...inside].filter(form => form.length >= 6)
  return [...standard, ...standard.map(form => form.replaceAll('+', '-').replaceAll('/', '_'))]
}
