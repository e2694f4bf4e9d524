import Joi from 'joi'
import type { Direction, Flow } from '../../../src/net/flow.ts'
import { hl7 } from '../../../src/protocols/hl7/index.ts'
import { type Hl7Settings, hl7Schema } from '../../../src/protocols/hl7/settings.ts'
import type { DeviceIdentity, Hl7Message, Observation } from '../../../src/protocols/observation.ts'
import { sampleFlow } from '../../normalize/samples.ts'

// HL7 made by hand, and what the decoder makes of it.

export const SECOND = 1_000_000
const START = Date.UTC(2026, 2, 1, 8) * 1000

export const VT = '\x0b'
export const FS = '\x1c'
export const CR = '\r'

export interface MessageFields {
  readonly type?: string
  readonly id?: string
  /** MSH-15 and MSH-16. */
  readonly accept?: string
  readonly application?: string
  readonly charset?: string
  /** Segments behind MSH. */
  readonly segments?: readonly string[]
}

export function message({
  type = 'ADT^A01^ADT_A01',
  id = 'M1',
  accept = '',
  application = '',
  charset = '',
  segments = [],
}: MessageFields = {}): string {
  const msh = `MSH|^~\\&|HIS|GENHOSP|LIS|LAB|20260301080000||${type}|${id}|P|2.5.1|||${accept}|${application}||${charset}`
  return [msh, ...segments].map(segment => `${segment}\r`).join('')
}

export function acknowledgment(code: string, answers: string | undefined, segments: readonly string[] = []): string {
  return message({ type: 'ACK', id: `A-${answers}`, segments: [`MSA|${code}${answers === undefined ? '' : `|${answers}`}`, ...segments] })
}

/** A block as it should be. */
export const framed = (content: string): string => `${VT}${content}${FS}${CR}`

/** Exclusive or of what an HLLP block holds up to its sizes. */
export const sumOf = (content: string, type = 'D'): number =>
  [...Buffer.from(`${VT}${type}23${CR}${content}`, 'latin1')].reduce((sum, byte) => sum ^ byte, 0)

/** The content of an HLLP block, with its size and checksum. */
export function hllp(content: string, size = content.length + 5, sum = sumOf(content), type: 'D' | 'N' = 'D'): string {
  return `${type}23${CR}${content}${String(size).padStart(5, '0')}${String(sum).padStart(3, '0')}`
}

/** One connection and everything that was observed of it. Bytes are latin1. */
export class Talk {
  readonly observations: Observation[] = []
  readonly #decoder
  time = START

  constructor(flow: Partial<Flow> = {}, settings: Partial<Hl7Settings> = {}) {
    const checked = { ...(Joi.attempt({}, hl7Schema) as Hl7Settings), ...settings }
    this.#decoder = hl7(checked).open({
      flow: sampleFlow(flow),
      emit: observation => this.observations.push(observation),
      pseudonym: (kind, value) => `${kind} ${value.length}`,
    })
  }

  /** The client speaks, a millisecond later. */
  client(...texts: readonly (string | Buffer)[]): this {
    return this.#say(0, texts)
  }

  server(...texts: readonly (string | Buffer)[]): this {
    return this.#say(1, texts)
  }

  lose(direction: Direction, length: number): this {
    this.#decoder.gap(direction, length, this.time)
    return this
  }

  wait(time: number): this {
    this.time += time
    this.#decoder.tick(this.time)
    return this
  }

  end(): this {
    this.#decoder.end('closed', this.time)
    return this
  }

  get messages(): readonly Hl7Message[] {
    return this.observations.filter(observation => observation.kind === 'hl7-message')
  }

  get identities(): readonly DeviceIdentity[] {
    return this.observations.filter(observation => observation.kind === 'device-identity')
  }

  #say(direction: Direction, texts: readonly (string | Buffer)[]): this {
    for (const text of texts) {
      const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text
      this.time += 1000
      this.#decoder.data(direction, bytes, 0, bytes.length, this.time)
    }
    return this
  }
}
