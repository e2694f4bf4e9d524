import Joi from 'joi'
import type { Direction, Flow, FlowEnd } from '../../../src/net/flow.ts'
import { HttpSession } from '../../../src/protocols/http/session.ts'
import { type HttpSettings, httpSchema } from '../../../src/protocols/http/settings.ts'
import type { DeviceIdentity, DicomWebRequest, FhirInteraction, Observation } from '../../../src/protocols/observation.ts'
import type { OverloadPolicy } from '../../../src/protocols/overload.ts'
import { sampleFlow } from '../../normalize/samples.ts'

export const SETTINGS = Joi.attempt({}, httpSchema) as HttpSettings

/** A conversation that is said to a decoder; every call takes 1 ms. */
export class HttpConversation {
  readonly observations: Observation[] = []
  readonly overload: OverloadPolicy[] = []
  /** What was handed over at the end of HTTP. */
  readonly handedOver: string[] = []
  readonly #session: HttpSession
  #time = 1_000_000

  constructor(flow: Partial<Flow> = {}, settings: Partial<HttpSettings> = {}) {
    this.#session = new HttpSession(
      { ...SETTINGS, ...settings },
      {
        flow: sampleFlow({ serverPort: 8042, ...flow }),
        emit: observation => this.observations.push(observation),
        pseudonym: (kind, value) => `${kind}-${value.length}`,
        handOver: (direction, bytes, offset, length) =>
          this.handedOver.push(`${direction} ${Buffer.from(bytes).toString('latin1', offset, offset + length)}`),
      },
      policy => this.overload.push(policy),
    )
  }

  client(...parts: readonly (string | Buffer)[]): this {
    return this.#say(0, parts)
  }

  server(...parts: readonly (string | Buffer)[]): this {
    return this.#say(1, parts)
  }

  gap(direction: Direction, length: number): this {
    this.#session.gap(direction, length, this.#tick())
    return this
  }

  halfClosed(direction: Direction): this {
    this.#session.halfClosed(direction, this.#tick())
    return this
  }

  later(seconds: number): this {
    this.#time += seconds * 1_000_000
    this.#session.tick(this.#time)
    return this
  }

  end(end: FlowEnd = 'closed'): this {
    this.#session.end(end, this.#tick())
    return this
  }

  get requests(): readonly DicomWebRequest[] {
    return this.observations.filter(observation => observation.kind === 'dicomweb-request')
  }

  get interactions(): readonly FhirInteraction[] {
    return this.observations.filter(observation => observation.kind === 'fhir-interaction')
  }

  /** `about attribute value` of everything that was said of devices. */
  get facts(): readonly string[] {
    return this.observations
      .filter((observation): observation is DeviceIdentity => observation.kind === 'device-identity')
      .flatMap(({ about, facts }) => facts.map(({ attribute, value }) => `${about} ${attribute} ${value}`))
  }

  #say(direction: Direction, parts: readonly (string | Buffer)[]): this {
    for (const part of parts) {
      const bytes = typeof part === 'string' ? Buffer.from(part, 'latin1') : part
      this.#session.data(direction, bytes, 0, bytes.length, this.#tick())
    }
    return this
  }

  #tick(): number {
    this.#time += 1000
    return this.#time
  }
}

/** A head: start line and fields, lines ended as they should be. */
export const head = (...lines: readonly string[]): string => `${[...lines, '', ''].join('\r\n')}`

export const get = (target: string, ...fields: readonly string[]): string => head(`GET ${target} HTTP/1.1`, 'Host: pacs', ...fields)

export const answer = (status: number, type: string, body: string | Buffer = '', ...fields: readonly string[]): Buffer =>
  Buffer.concat([
    Buffer.from(head(`HTTP/1.1 ${status} X`, `Content-Type: ${type}`, `Content-Length: ${body.length}`, ...fields)),
    typeof body === 'string' ? Buffer.from(body, 'latin1') : body,
  ])

export const chunked = (...chunks: readonly string[]): string =>
  [...chunks, ''].map(chunk => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')

/** A DICOM file whose preamble begins with `magic`. */
export function dicomFile(magic = '', size = 200): Buffer {
  const file = Buffer.alloc(Math.max(size, 132))
  file.write(magic, 'latin1')
  file.write('DICM', 128, 'latin1')
  return file
}

export const multipart = (boundary: string, type: string, ...parts: readonly Buffer[]): Buffer =>
  Buffer.concat([
    ...parts.flatMap(part => [Buffer.from(`--${boundary}\r\nContent-Type: ${type}\r\n\r\n`), part, Buffer.from('\r\n')]),
    Buffer.from(`--${boundary}--\r\n`),
  ])

export const STUDY = '1.2.826.0.1.3680043.10.1.77777.1'
export const DICOM_JSON = 'application/dicom+json'
