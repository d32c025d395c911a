import { get } from 'node:https'

let known

/** Does Docker's registry answer at all? Asked once and with a short limit: a pull would try for minutes. */
export function registryAnswers(limit = 3000) {
  known ??= new Promise(resolve => {
    const request = get('https://registry-1.docker.io/v2/', response => {
      response.resume()
      finish(response.statusCode === 401 || response.statusCode === 200)
    })
    const timer = setTimeout(() => finish(false), limit)
    const finish = reachable => {
      clearTimeout(timer)
      resolve(reachable)
      request.destroy()
    }
    request.on('error', () => finish(false))
  })
  return known
}
