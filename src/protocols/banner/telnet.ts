import type { Direction, FlowEnd } from '../../net/flow.ts'
import type { DecoderContext, ProbeAnswer, Protocol, StreamDecoder } from '../decoder.ts'
import { FactList } from '../fact-list.ts'
import { cleanText } from '../text.ts'
import { Beginning } from './beginning.ts'
import { report } from './report.ts'

/** RFC 854. */
const IAC = 0xff
const SB = 0xfa
const SE = 0xf0
const WILL = 0xfb
const DONT = 0xfe
/** Highest option number that anybody offers (IANA telnet options), but for 255. */
const MAX_OPTION = 140
/** Where the server begins to ask for a name or a secret: what follows is none of ours. */
const PROMPT = /(?:^|\s)[\w .@-]{0,64}?(?:log ?(?:in|on)|user ?(?:name)?|account|pass(?:word|code)?|pin)\s*[:>?]/i

/** Telnet by its option negotiation: IAC 1, command 1 (FB to FE), option 1. What the server writes up to its first prompt is its banner. */
export function telnet(): Protocol {
  return {
    name: 'telnet',
    probe: (_direction, bytes, offset, length, midstream) => (midstream ? 'reject' : probe(bytes, offset, length)),
    open: context => new TelnetSession(context),
  }
}

function probe(bytes: Uint8Array, offset: number, length: number): ProbeAnswer {
  if (length > 0 && bytes[offset] !== IAC) return 'reject'
  if (length > 1 && (bytes[offset + 1] < WILL || bytes[offset + 1] > DONT)) return 'reject'
  if (length < 3) return 'more'
  return bytes[offset + 2] <= MAX_OPTION ? 'match' : 'reject'
}

class TelnetSession implements StreamDecoder {
  readonly #context: DecoderContext
  readonly #filters: readonly [CommandFilter, CommandFilter] = [new CommandFilter(), new CommandFilter()]
  #beginning: Beginning | undefined = new Beginning()
  #time = 0

  constructor(context: DecoderContext) {
    this.#context = context
  }

  data(direction: Direction, bytes: Uint8Array, offset: number, length: number, time: number): void {
    if (this.#beginning === undefined) return
    const text = this.#filters[direction].text(bytes, offset, length)
    if (text.length === 0) return
    if (direction === 0) {
      this.#finish()
      return
    }
    this.#time = time
    this.#beginning.add(text, 0, text.length)
    if (this.#beginning.full || PROMPT.test(this.#beginning.text)) this.#finish()
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
    if (text === undefined) return
    const prompt = PROMPT.exec(text)
    const list = new FactList()
    list.add('service', 'telnet', 'negotiation')
    list.add('banner', cleanText(prompt === null ? text : text.slice(0, prompt.index)), 'text before the prompt')
    report(this.#context, 'telnet', 1, list.facts, this.#time)
  }
}

/** Takes commands out of what one side sends: IAC WILL | WONT | DO | DONT option, IAC SB … IAC SE, IAC command (RFC 854, RFC 855). */
class CommandFilter {
  #state: 'text' | 'command' | 'option' | 'subnegotiation' | 'subnegotiation_command' = 'text'

  text(bytes: Uint8Array, offset: number, length: number): Uint8Array {
    const text = new Uint8Array(length)
    let used = 0
    for (let at = offset; at < offset + length; at++) {
      const isText = this.#next(bytes[at])
      if (isText) text[used++] = bytes[at]
    }
    return text.subarray(0, used)
  }

  /** True for a byte of text. */
  #next(byte: number): boolean {
    switch (this.#state) {
      case 'text':
        if (byte !== IAC) return byte !== 0
        this.#state = 'command'
        return false
      case 'command':
        this.#state = byte === SB ? 'subnegotiation' : byte >= WILL && byte <= DONT ? 'option' : 'text'
        return false
      case 'option':
        this.#state = 'text'
        return false
      case 'subnegotiation':
        if (byte === IAC) this.#state = 'subnegotiation_command'
        return false
      case 'subnegotiation_command':
        this.#state = byte === SE ? 'text' : 'subnegotiation'
        return false
    }
  }
}
