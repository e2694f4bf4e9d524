import type { Direction, FlowEnd } from '../../net/flow.ts'
import type { DecoderContext, ProbeAnswer, Protocol, StreamDecoder } from '../decoder.ts'
import { FactList } from '../fact-list.ts'
import { cleanText } from '../text.ts'
import { Beginning } from './beginning.ts'
import { report } from './report.ts'

const START = 'SSH-'
/** SSH-protocol version-software version, comments. */
const IDENTIFICATION = /^SSH-(?:1|2)\.\d+-([^\r\n]+)\r?\n/

/** SSH, of which the identification strings are in clear (RFC 4253 §4.2): "SSH-2.0-" software version [SP comments] CR LF, from both sides. */
export function ssh(): Protocol {
  return {
    name: 'ssh',
    probe: (_direction, bytes, offset, length, midstream) => (midstream ? 'reject' : probe(bytes, offset, length)),
    open: context => new SshSession(context),
  }
}

function probe(bytes: Uint8Array, offset: number, length: number): ProbeAnswer {
  for (let index = 0; index < Math.min(length, START.length); index++)
    if (bytes[offset + index] !== START.charCodeAt(index)) return 'reject'
  return length < START.length ? 'more' : 'match'
}

class SshSession implements StreamDecoder {
  readonly #context: DecoderContext
  readonly #beginnings: [Beginning | undefined, Beginning | undefined] = [new Beginning(), new Beginning()]

  constructor(context: DecoderContext) {
    this.#context = context
  }

  data(direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): void {
    const beginning = this.#beginnings[direction]
    if (beginning === undefined) return
    beginning.add(bytes, offset, length)
    const identification = IDENTIFICATION.exec(beginning.text)
    if (identification === null && !beginning.full && beginning.text.startsWith(START.slice(0, beginning.text.length))) return
    this.#beginnings[direction] = undefined
    const list = new FactList()
    list.add('banner', cleanText(identification?.[1] ?? ''), 'identification string')
    if (direction === 1 && list.facts.length > 0) list.add('service', 'ssh', 'identification string')
    report(this.#context, 'ssh', direction, list.facts, time)
  }

  gap(direction: Direction, _length: number, _time: number): void {
    this.#beginnings[direction] = undefined
  }

  halfClosed(_direction: Direction, _time: number): void {}

  end(_end: FlowEnd, _time: number): void {}

  tick(_time: number): void {}
}
