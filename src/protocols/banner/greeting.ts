import type { Direction, Flow, FlowEnd } from '../../net/flow.ts'
import type { DecoderContext, ProbeAnswer, Protocol, StreamDecoder } from '../decoder.ts'
import { FactList } from '../fact-list.ts'
import { cleanText } from '../text.ts'
import { Beginning } from './beginning.ts'
import { report } from './report.ts'

/** A first line longer than this is no greeting. */
const MAX_LINE = 512
const READY = '220'
/** The reply's last line: code and a blank, where all before it have a hyphen or are free text (RFC 959 §4.2, RFC 5321 §4.2.1). */
const LAST_LINE = /(?:^|\n)220(?: [^\n]*)?\n/
const CODES = /^220[- ]?/gm

interface Service {
  readonly name: 'ftp' | 'smtp'
  readonly ports: readonly number[]
  /** The word in a greeting that tells it from the other one. */
  readonly word: RegExp
}

/** FTP (RFC 959) by the greeting of its server: the service, and what the server says it is. Nobody's commands are looked at. */
export function ftp(): Protocol {
  return greeter({ name: 'ftp', ports: [21], word: /\bFTP|ftpd?\b/i })
}

/** SMTP (RFC 5321) by the greeting of its server. */
export function smtp(): Protocol {
  return greeter({ name: 'smtp', ports: [25, 587], word: /\bE?SMTP\b/i })
}

function greeter(service: Service): Protocol {
  return {
    name: service.name,
    probe: (direction, bytes, offset, length, midstream, flow) =>
      midstream || direction === 0 ? 'reject' : probe(service, bytes, offset, length, flow),
    open: context => new GreetingSession(service, context),
  }
}

/** The first line: 220, then a blank or a hyphen, and either the service's word or its port. */
function probe({ ports, word }: Service, bytes: Uint8Array, offset: number, length: number, flow: Flow): ProbeAnswer {
  for (let index = 0; index < Math.min(length, READY.length); index++)
    if (bytes[offset + index] !== READY.charCodeAt(index)) return 'reject'
  const line = Buffer.from(bytes.buffer, bytes.byteOffset + offset, Math.min(length, MAX_LINE)).toString('latin1')
  const end = line.indexOf('\n')
  if (line.length > READY.length && line[READY.length] !== ' ' && line[READY.length] !== '-') return 'reject'
  if (ports.includes(flow.serverPort)) return length < READY.length + 1 ? 'more' : 'match'
  if (end < 0) return length < MAX_LINE ? 'more' : 'reject'
  return word.test(line.slice(0, end)) ? 'match' : 'reject'
}

class GreetingSession implements StreamDecoder {
  readonly #service: Service
  readonly #context: DecoderContext
  #beginning: Beginning | undefined = new Beginning()
  #time = 0

  constructor(service: Service, context: DecoderContext) {
    this.#service = service
    this.#context = context
  }

  data(direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): void {
    if (direction === 0) {
      this.#finish()
      // The client may go on in TLS (RFC 3207, RFC 4217).
      this.#context.handOver?.(direction, bytes, offset, length, time)
      return
    }
    if (this.#beginning === undefined) return
    this.#time = time
    this.#beginning.add(bytes, offset, length)
    if (this.#beginning.full || LAST_LINE.test(this.#beginning.text)) this.#finish()
  }

  gap(_direction: Direction, _length: number, _time: number): void {
    this.#finish()
  }

  halfClosed(_direction: Direction, _time: number): void {}

  end(_end: FlowEnd, _time: number): void {
    this.#finish()
  }

  tick(_time: number): void {}

  #finish(): void {
    const text = this.#beginning?.text
    this.#beginning = undefined
    if (text === undefined || text === '') return
    const last = LAST_LINE.exec(text)
    const greeting = last === null ? text : text.slice(0, last.index + last[0].length)
    const list = new FactList()
    list.add('service', this.#service.name, 'greeting')
    list.add('banner', cleanText(greeting.replace(CODES, ' ')), 'greeting')
    report(this.#context, this.#service.name, 1, list.facts, this.#time)
  }
}
