import type { Event } from '../../release/events.ts'
import { oneLine } from './harmless.ts'
import { emptyStory, tell, troubles, type Story } from './story.ts'
import { duration } from './words.ts'

/** The table that GitHub shows on the page of the job. */
export class StepSummary {
  private title = 'Deployment'
  private headline = ''
  private story: Story = emptyStory()
  private readonly rows: string[] = []

  add(event: Event): void {
    this.story = tell(this.story, event)
    switch (event.type) {
      case 'deployment-started':
        this.title = `${event.app} ${event.environment}: ${event.kind} ${event.id}`
        return
      case 'step-finished':
        return this.row('✅', event.step, event.seconds, event.summary ?? '')
      case 'step-skipped':
        return this.row('➖', event.step, undefined, event.why)
      case 'step-failed':
        return this.row('❌', event.step, event.seconds, `${event.failure.code}: ${event.failure.message}`)
      case 'undo-finished':
        return this.row('↩️', event.step, event.seconds, 'undone')
      case 'undo-failed':
        return this.row('❌', event.step, undefined, `the way back failed: ${event.failure.message}`)
      case 'deployment-finished':
        this.headline = `**${event.outcome}** in ${duration(event.seconds)}. ${escapeMarkdown(event.serving)}`
    }
  }

  markdown(): string {
    const causes = troubles(this.story).map(trouble =>
      [
        `> **${trouble.code}** ${escapeMarkdown(trouble.title)}`,
        ...[trouble.why, trouble.next].filter(text => text !== undefined).map(text => `> ${escapeMarkdown(text)}`),
      ].join('  \n'),
    )
    const table = ['| | Step | Time | |', '| --- | --- | ---: | --- |', ...this.rows].join('\n')
    return [`### ${escapeMarkdown(this.title)}`, this.headline, ...causes, table, ''].join('\n\n')
  }

  private row(mark: string, step: string, seconds: number | undefined, text: string): void {
    const time = seconds === undefined ? '' : duration(seconds)
    this.rows.push(`| ${mark} | ${escapeMarkdown(step)} | ${time} | ${escapeMarkdown(text)} |`)
  }
}

/** Commit messages and log lines are shown, never interpreted: no link, no picture, no HTML. */
export function escapeMarkdown(text: string): string {
  return oneLine(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\`*_{}[\]()#!|~]/g, '\\$&')
    .replace(/:\/\//g, ':&#47;&#47;')
    .replace(/\bwww\./gi, 'www&#46;')
    .replaceAll('@', '&#64;')
}
