import { hash } from 'node:crypto'
import type { Device } from '../inventory/device.ts'
import type { Dataset, EcsDocument, Json, WardwireEvent } from './event.ts'
import { date, timestamp } from './time.ts'

export const ECS_VERSION = '9.4.0'

/** A part of a document; `undefined` means left out. */
export type Fields = { readonly [key: string]: Json | undefined }

/** What all builders of documents share. */
export interface Context {
  readonly sensorId: string
  readonly sensorName: string
  readonly ecs: Fields
  /** The sensor, with the capture interface where there is one. The same object for the same interface. */
  observer(interfaceName: string | undefined): Fields
  interfaceName(index: number): string | undefined
  deviceAt(address: string): Device | undefined
  now(packetTime: number): number
  nextSequence(): number
}

/** What `event.*` is made of. Times in µs, duration in ns. */
export interface EventFacts {
  readonly dataset: Dataset
  readonly kind: 'event' | 'alert' | 'asset' | 'state' | 'metric'
  readonly category: readonly string[]
  readonly type: readonly string[]
  readonly action: string
  readonly outcome: 'success' | 'failure' | 'unknown'
  readonly time: number
  readonly start?: number | undefined
  readonly end?: number | undefined
  readonly duration?: number | undefined
  readonly severity?: number | undefined
  readonly reason?: string | undefined
}

export function eventFields(context: Context, id: string, facts: EventFacts): Fields {
  return {
    id,
    kind: facts.kind,
    category: facts.category,
    type: facts.type,
    action: facts.action,
    outcome: facts.outcome,
    module: 'wardwire',
    dataset: facts.dataset,
    created: timestamp(context.now(facts.time)),
    sequence: context.nextSequence(),
    start: date(facts.start),
    end: date(facts.end),
    duration: facts.duration,
    severity: facts.severity,
    risk_score: facts.severity,
    reason: facts.reason,
  }
}

/** 32 hex digits that the same facts always give. */
export function eventId(...parts: readonly (string | number)[]): string {
  return hash('sha256', parts.join('\0'), 'hex').slice(0, 32)
}

export function finish(dataset: Dataset, id: string, document: EcsDocument): WardwireEvent {
  return { id, dataset, document }
}

/** The object, or undefined when nothing in it has a value. */
export function compact(fields: Fields): Fields | undefined {
  for (const key in fields) if (fields[key] !== undefined) return fields
  return undefined
}

/** The list, or undefined when it is empty. */
export function list(values: readonly string[] | undefined): readonly string[] | undefined {
  return values === undefined || values.length === 0 ? undefined : values
}

/** Distinct values in order, or undefined when there is none. */
export function distinct(values: readonly (string | undefined)[]): readonly string[] | undefined {
  const known = new Set<string>()
  for (const value of values) if (value !== undefined && value !== '') known.add(value)
  return known.size === 0 ? undefined : [...known]
}

/** The text, or undefined when it is empty. */
export function text(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}

/** Count with its noun: `1 instance`, `12 instances`. */
export function count(number: number, noun: string): string {
  return number === 1 ? `1 ${noun}` : `${number} ${noun}s`
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g

/** A sentence for `message`: names from the wire keep no control characters, so they cannot start a line of their own. */
export function sentence(words: string): string {
  return words.replace(CONTROL, ' ')
}
