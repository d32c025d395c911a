import { z } from 'zod'
import { type Format, formats } from './formats.ts'
import { commandWord, pathInsideProject, plainCommand, type Rule, reasonableDuration } from './rules.ts'

/** The kinds of single values that slipway.yaml is made of. */

export function formatted(format: Format) {
  return z.string().regex(format.pattern)
}

export function ruled(rule: Rule) {
  return z.string().superRefine((value, context) => {
    const fault = rule(value)
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault.message, params: { mend: fault.mend } })
  })
}

export const duration = z
  .union([
    formatted(formats.duration).superRefine((value, context) => {
      const fault = reasonableDuration(value)
      if (fault !== undefined)
        context.addIssue({ code: 'custom', message: fault.message, params: { mend: fault.mend } })
    }),
    z.number().positive().max(86_400),
  ])
  .describe('A duration: 500ms, 2s, 10m, 1h, or a bare number of seconds')

/** A duration, or `off`. */
export const durationOrOff = z.union([z.literal('off'), duration])

export function durationField(description: string, usual: string | undefined, examples: (string | number)[]) {
  return duration.optional().meta({ description, ...(usual === undefined ? {} : { default: usual }), examples })
}

export const count = z.int().min(1).max(1000)
export const port = z.int().min(1).max(65535)
export const serviceName = formatted(formats.service)
export const path = ruled(pathInsideProject)
const word = ruled(commandWord)
export const argv = z.array(word).min(1).max(200)
export const command = z.union([ruled(plainCommand), argv])
