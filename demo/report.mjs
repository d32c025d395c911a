// What the demo says at its end: for people, and with --json for programs.

/** Whether the demo proved what it is to prove. Reasons, each a sentence; none: it did. */
export function reasonsOfFailure({ requests, writes, deployments, expected }) {
  return [
    ...deployments.flatMap(({ release, wrong }) => wrong.map(each => `${release}: ${each}`)),
    ...(deployments.length < expected ? [`only ${deployments.length} of ${expected} deployments were made`] : []),
    ...(requests.sent > 0 ? [] : ['no request was sent, so nothing was proved']),
    ...(writes.acknowledged > 0 ? [] : ['no write was acknowledged, so nothing was proved']),
    ...(requests.failed === 0 ? [] : [`${requests.failed} requests failed`]),
    ...(writes.lost === 0 ? [] : [`${writes.lost} acknowledged writes are lost`]),
  ]
}

export function reportJson({ requests, writes, deployments }) {
  return {
    requests: { sent: requests.sent, failed: requests.failed, longestGapMs: requests.longestGapMs },
    writes: { acknowledged: writes.acknowledged, lost: writes.lost },
    deployments: deployments.map(({ release, outcome, seconds }) => ({ release, outcome, seconds })),
  }
}

export function reportText(report) {
  const { requests, writes, deployments } = report
  const reasons = reasonsOfFailure(report)
  const failures = Object.entries(requests.failures ?? {}).map(([failure, count]) => `    ${count} × ${failure}`)
  return [
    '── What happened ───────────────────────────────────────────────────────',
    `  requests   ${number(requests.sent)} sent, ${number(requests.failed)} failed; longest gap without an answer ${seconds(requests.longestGapMs / 1000)}`,
    ...failures,
    `  writes     ${number(writes.acknowledged)} acknowledged, ${number(writes.lost)} lost`,
    ...deployments.map(({ title, outcome, seconds: took }, index) => {
      const name = index === 0 ? 'deployed' : ''
      return `  ${name.padEnd(9)}  ${seconds(took).padStart(7)}  ${outcome.padEnd(11)}  ${title}`
    }),
    '',
    reasons.length === 0
      ? '✓ No request failed and no acknowledged write was lost, through a release that destroyed data and never worked.'
      : `✗ This is not what should happen:\n${reasons.map(reason => `    ${reason}`).join('\n')}`,
  ].join('\n')
}

export const whereToLookNext = [
  'Where to look next:',
  '  npm run demo -- --keep           leaves all of it running, to look at and to try on',
  '  examples/baby-basics             the app of this demo: plain Compose files and one slipway.yaml',
  '  packages/slipway/src/release/steps.ts    the deployment, read top to bottom',
].join('\n')

const number = value => value.toLocaleString('en-US')
const seconds = value => `${value.toFixed(1)} s`
