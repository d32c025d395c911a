// How many tests passed and failed, from what a runner has written. A runner that failed without naming a failed test
// (an unhandled error, a file that can not be loaded, no report at all) counts as one failed test, never as none.

/** From the JSON reporter of vitest. */
export function vitestCounts(text, exitCode) {
  const report = parse(text)
  const files = report?.testResults ?? []
  const broken = files.filter(
    file => file.status === 'failed' && !file.assertionResults.some(test => test.status === 'failed'),
  )
  return honest(
    {
      passed: report?.numPassedTests ?? 0,
      failed: (report?.numFailedTests ?? 0) + broken.length,
      skipped: (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0),
    },
    exitCode,
  )
}

/** What failed in vitest, one line each: where, what, and the first line of why. */
export function vitestFailures(text) {
  const files = parse(text)?.testResults ?? []
  return files.flatMap(file => {
    const failed = file.assertionResults.filter(test => test.status === 'failed')
    const lines = failed.map(test => `${test.fullName}: ${firstLine(test.failureMessages?.[0])}`)
    const broken = file.status === 'failed' && failed.length === 0
    return (broken ? [firstLine(file.message)] : lines).map(line => `${file.name}: ${line}`)
  })
}

const firstLine = (message = '') => message.trim().split('\n')[0]?.slice(0, 200) ?? ''

/** From the TAP reporter of `node --test`. */
export function tapCounts(text, exitCode) {
  const count = name => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
  return honest(
    { passed: count('pass'), failed: count('fail') + count('cancelled'), skipped: count('skipped') + count('todo') },
    exitCode,
  )
}

/** A check is one test. */
export function checkCounts(exitCode) {
  return { passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 }
}

export function lastLine(results) {
  const sum = name => results.reduce((total, result) => total + result[name], 0)
  return `${sum('passed')} passed, ${sum('failed')} failed`
}

function honest(counts, exitCode) {
  const nothingRan = counts.passed + counts.failed === 0
  return counts.failed === 0 && (exitCode !== 0 || nothingRan) ? { ...counts, failed: 1 } : counts
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
