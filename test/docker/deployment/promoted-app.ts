/** What an image does: it answers with its version, and badly while /tmp/ill is there. */
export const server = (version: string) => `
require('node:http').createServer((request, response) => {
  response.statusCode = request.url === '/' && require('node:fs').existsSync('/tmp/ill') ? 500 : 200
  response.end('${version} ' + process.env.STAGE)
}).listen(3000)
process.on('SIGTERM', () => process.exit(0))
`

/** The variable is for whoever has an image of their own. */
export const composeText = (image: string) => `
services:
  api:
    image: \${API_IMAGE:-${image}:live}
    expose: [3000]
    environment: { STAGE: "\${STAGE:-none}" }
    volumes: ["./banner.txt:/banner.txt:ro"]
  worker:
    image: ${image}:live
    command: [sleep, infinity]
    init: true
`
