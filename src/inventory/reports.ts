import type { Change } from './device.ts'
import { Unrest } from './unrest.ts'

/** What a change event may be about; `os` covers name and version. */
export const REPORTED = [
  'manufacturer',
  'model',
  'type',
  'serial_number',
  'software_version',
  'firmware_version',
  'os',
  'hostname',
  'ae_titles',
  'ips',
  'conflict',
  'owner',
  'location',
  'department',
  'criticality',
] as const
export type Reported = (typeof REPORTED)[number]

/** What the last of many changes says. */
const RESTLESS = 'it changes all the time: changes are not told any more until it comes to rest'
const RESTED = 'it has come to rest after many changes'

/** Answers the questions of a report. */
export interface Reporter {
  /** The value of an attribute in words. */
  valueOf(attribute: Reported): string | undefined
  /** Why the value in force is the one it is; undefined where an attribute has many values. */
  reasonOf(attribute: Reported): string | undefined
}

/** What was reported of one device, and what is worth a report since. There are many devices: nothing is allocated before it is needed. */
export class Reports {
  #announced: Readonly<Record<string, string>> | undefined
  /** Of the attributes that changed since the device was discovered. */
  #unrest: Map<Reported, Unrest> | undefined
  /** What last changed an attribute, since the last report. */
  #causes: Map<string, string> | undefined

  constructor(announced?: Readonly<Record<string, string>>) {
    this.#announced = announced
  }

  /** What was reported, by attribute; undefined before the device was. */
  get announced(): Readonly<Record<string, string>> | undefined {
    return this.#announced
  }

  /** Something about `attribute` is not as it was. */
  changed(attribute: string, cause: string): void {
    this.#causes ??= new Map()
    this.#causes.set(attribute, cause)
  }

  /**
   * Differences to what was last reported, which they become. The first call reports nothing: the discovery itself says it all. What changes
   * all the time is reported once, and again when it came to rest.
   */
  announce(reporter: Reporter, time: number): readonly Change[] {
    const before = this.#announced
    const now: Record<string, string> = {}
    const differences: Change[] = []
    for (const attribute of REPORTED) {
      const told = before?.[attribute]
      const after = (this.#isNews(attribute, told) ? reporter.valueOf(attribute) : undefined) ?? told
      if (after === undefined) continue
      const change = before === undefined || after === told ? undefined : this.#change(attribute, told, after, reporter, time)
      if (change !== undefined) differences.push(change)
      now[attribute] = change === undefined ? (told ?? after) : after
    }
    this.#announced = now
    this.#causes = undefined
    return differences
  }

  /** An attribute that changed all the time has come to rest. */
  hasCalmedDown(time: number): boolean {
    if (this.#unrest !== undefined) for (const unrest of this.#unrest.values()) if (unrest.isMuted && unrest.isCalm(time)) return true
    return false
  }

  /** Of addresses, not every new one is worth a report. */
  #isNews(attribute: Reported, told: string | undefined): boolean {
    return attribute !== 'ips' || told === undefined || this.#causes?.has('ips') === true || this.#unrest?.get('ips')?.isMuted === true
  }

  #change(attribute: Reported, before: string | undefined, after: string, reporter: Reporter, time: number): Change | undefined {
    this.#unrest ??= new Map()
    const unrest = this.#unrest.get(attribute) ?? new Unrest(before ?? '', time)
    this.#unrest.set(attribute, unrest)
    const verdict = unrest.weigh(after, time)
    if (verdict === 'mute') return undefined
    const why = reporter.reasonOf(attribute) ?? this.#causeOf(attribute)
    const reason = verdict === 'rest' ? RESTED : verdict === 'last' ? `${why}; ${RESTLESS}` : why
    return { attribute, before, after, reason }
  }

  #causeOf(attribute: Reported): string {
    const evidence = attribute === 'ae_titles' ? 'ae_title' : attribute
    return this.#causes?.get(evidence) ?? this.#causes?.get('type') ?? 'evidence added'
  }
}
