import type { Facts } from './facts.ts'
import type { Wishes } from './wishes.ts'

/**
 * What a server is to be is data: topics, each with one script that brings it about and the controls that tell, from
 * what is in force on the server and not from what files say, whether it is so. `check` asks the controls; `setup` runs
 * the scripts of the topics in which one does not hold, and asks again.
 */
export interface Topic {
  id: string
  title: string
  /**
   * `login`: a mistake here could keep everybody out. A way back is armed first, and a new login proven after.
   * `first login`: the same, but it is this topic that makes that login possible at all.
   */
  risk: 'none' | 'login' | 'first login'
  /** Shell functions and variables for the controls, evaluated once. */
  prelude?: (situation: Situation) => string
  /** POSIX sh, run as root; every part of it may be repeated. */
  script: (situation: Situation) => string
  controls: readonly Control[]
}

export interface Control {
  /** `ssh.passwords`: part of the contract of `--json`. */
  id: string
  title: string
  /** Why a server should be so, in one sentence. */
  why: string
  /** POSIX sh that prints what is in force now, in one line. */
  found: string | ((situation: Situation) => string)
  /** What the printed lines come to, where one line does not tell. Default: the lines themselves. */
  read?: (answer: string, situation: Situation) => string
  /** What it should print. */
  wanted: string | ((situation: Situation) => string)
  /** No set-up changes it: what a person made is told, and left to people. */
  byHand?: true
  /** `host`: in a container this belongs to the machine below, and is left to it. */
  inContainer?: 'host'
  /** Where it says no there is no such control: what it asks for is not wanted at all. Default: always. */
  isAsked?: (situation: Situation) => boolean
}

/** What scripts are made for. */
export interface Situation {
  facts: Facts
  wishes: Wishes
}

export interface Finding {
  id: string
  topic: string
  title: string
  why: string
  /** `by hand`: it is otherwise than wanted, and no set-up changes it. */
  state: 'as wanted' | 'pending' | 'by hand' | 'left to the host'
  wanted: string
  found: string
}

/** What is asked of a server in this situation, be it left to the host. */
export function controlsOf(topic: Topic, situation: Situation): Control[] {
  return topic.controls.filter(({ isAsked }) => isAsked?.(situation) ?? true)
}

/** A text that may depend on the situation. */
export function resolved(text: string | ((situation: Situation) => string), situation: Situation): string {
  return typeof text === 'string' ? text : text(situation)
}
