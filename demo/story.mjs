// What the demo shows, in order, and how each deployment has to end.
export const story = [
  {
    release: 'v1',
    title: 'Deploy v1: the first release',
    words: ['deploy'],
    ends: { exitCode: 0, outcome: 'deployed', version: '0.1.0' },
    after: 'The app is up. From here on steady traffic goes through the edge, until the end.',
  },
  {
    release: 'v2',
    title: 'Deploy v2: its migration adds a column',
    words: ['deploy'],
    ends: { exitCode: 0, outcome: 'deployed', version: '0.2.0' },
    after: 'v2 serves, on the new schema. v1 was seen to live with it on a copy of the database: nobody had to wait.',
  },
  {
    release: 'v3',
    title: 'Deploy v3: its migration destroys a column, and it never becomes healthy',
    words: ['deploy'],
    ends: { exitCode: 1, outcome: 'failed', version: '0.2.0' },
    after: 'Found on the copy, before production was touched. Now the same without that rehearsal:',
  },
  {
    release: 'v3',
    settings: { rehearse: 'off' },
    title: 'Deploy v3 with rehearse: off',
    words: ['deploy'],
    ends: { exitCode: 3, outcome: 'rolled-back', version: '0.2.0' },
    after: 'Requests waited, none failed. v2 serves again, by itself: its code, and the column with its data.',
  },
  {
    release: 'v1',
    title: 'Roll back to v1',
    words: ['rollback'],
    ends: { exitCode: 0, outcome: 'deployed', version: '0.1.0' },
    after: "v1 serves. v2's migration had only added, so the data stays as it is.",
  },
]

/** What differs from what had to be, as sentences; none: all is well. */
export function differences(ends, found) {
  return Object.entries(ends).flatMap(([name, wanted]) =>
    found[name] === wanted ? [] : [`${namesOf[name]} ${found[name]} instead of ${wanted}`],
  )
}

const namesOf = { exitCode: 'exit code', outcome: 'outcome', version: 'the edge answers with version' }
