import type { QueuedEvent } from '../../queue/queue.ts'
import { batchLimits } from '../batch.ts'
import { networkVerdict } from '../failure.ts'
import type { Output, OutputContext, Verdict } from '../output.ts'
import { type TlsOptions, tlsOptions } from '../tls.ts'
import { Connection } from './connection.ts'
import { frame, UnconfirmedTail } from './frame.ts'
import { headerHostname, type SyslogMessage, syslogHeader, syslogMessage } from './message.ts'
import type { SyslogSettings } from './settings.ts'
import { UdpSender } from './udp.ts'

export { type SyslogSettings, syslogSchema } from './settings.ts'

/**
 * Events to a syslog receiver. Syslog acknowledges nothing: over TCP and TLS an event counts as delivered when the kernel has taken
 * it and the connection stands, and the last `resend_bytes` are sent again after a break; over UDP when the datagram has left.
 */
export function createSyslogOutput(name: string, settings: SyslogSettings, context: OutputContext): Output {
  if (settings.protocol === 'udp') return new UdpOutput(name, settings, context)
  if (settings.protocol === 'tls' && settings.tls.insecure)
    context.log.warn(`Output ${name} does not verify the receiver's certificate (tls.insecure)`)
  const tls = settings.protocol === 'tls' ? tlsOptions(settings.tls, name) : undefined
  return new StreamOutput(name, settings, tls, context)
}

/** The messages of a batch, beside the events that have none. */
interface Encoded {
  readonly messages: readonly SyslogMessage[]
  /** `messages[i]` is of `events[indexes[i]]`. */
  readonly indexes: readonly number[]
  readonly rejected: ReadonlyMap<number, string>
  readonly notes: readonly string[]
}

function encode(events: readonly QueuedEvent[], settings: SyslogSettings, hostname: string): Encoded {
  const messages: SyslogMessage[] = []
  const indexes: number[] = []
  const rejected = new Map<number, string>()
  for (const [index, event] of events.entries()) {
    const message = syslogMessage(event, settings, hostname)
    if (message === undefined) {
      rejected.set(index, `longer than max_message_bytes (${settings.max_message_bytes}) as ${settings.format}`)
      continue
    }
    messages.push(message)
    indexes.push(index)
  }
  const cut = messages.filter(message => message.cut).length
  return { messages, indexes, rejected, notes: cut === 0 ? [] : [`${cut} messages lost fields to max_message_bytes`] }
}

class UdpOutput implements Output {
  readonly type = 'syslog'
  readonly name: string
  readonly limits: Output['limits']
  readonly #settings: SyslogSettings
  readonly #hostname: string
  readonly #sender: UdpSender

  constructor(name: string, settings: SyslogSettings, context: OutputContext) {
    this.name = name
    this.limits = batchLimits(settings.batch)
    this.#settings = settings
    this.#hostname = headerHostname(context.hostname)
    this.#sender = new UdpSender(settings, this.#hostname)
  }

  async send(events: readonly QueuedEvent[], signal: AbortSignal): Promise<Verdict> {
    const { messages, indexes, rejected, notes } = encode(events, this.#settings, this.#hostname)
    const { sent, failure } = await this.#sender.send(messages, signal)
    if (failure !== undefined && sent === 0 && rejected.size === 0) return networkVerdict(failure, receiverOf(this.#settings))
    return { kind: 'done', rejected, retry: indexes.slice(sent), notes }
  }

  async close(): Promise<void> {
    this.#sender.close()
  }
}

class StreamOutput implements Output {
  readonly type = 'syslog'
  readonly name: string
  readonly limits: Output['limits']
  readonly #settings: SyslogSettings
  readonly #tls: TlsOptions | undefined
  readonly #log: OutputContext['log']
  readonly #hostname: string
  readonly #tail: UnconfirmedTail
  #connection: Connection | undefined

  constructor(name: string, settings: SyslogSettings, tls: TlsOptions | undefined, context: OutputContext) {
    this.name = name
    this.limits = batchLimits(settings.batch)
    this.#settings = settings
    this.#tls = tls
    this.#log = context.log
    this.#hostname = headerHostname(context.hostname)
    this.#tail = new UnconfirmedTail(settings.resend_bytes)
  }

  async send(events: readonly QueuedEvent[], signal: AbortSignal): Promise<Verdict> {
    const { messages, rejected, notes } = encode(events, this.#settings, this.#hostname)
    const frames = messages.map(message =>
      frame(syslogHeader(message, this.#settings, this.#hostname) + message.text, this.#settings.framing),
    )
    try {
      const connection = await this.#connect(signal)
      await connection.write(Buffer.concat(frames), signal)
    } catch (error) {
      return networkVerdict(error, receiverOf(this.#settings))
    }
    this.#tail.add(frames, performance.now())
    return { kind: 'done', rejected, retry: [], notes }
  }

  async close(): Promise<void> {
    await this.#connection?.close()
    this.#connection = undefined
  }

  /** The connection that stands, or a new one on which the unconfirmed tail of the last has been sent again. */
  async #connect(signal: AbortSignal): Promise<Connection> {
    const end = this.#connection?.end
    if (this.#connection !== undefined && end === undefined) return this.#connection
    if (end !== undefined && end.failure === undefined) this.#tail.settle(performance.now())
    this.#connection = undefined
    const connection = await Connection.open(this.#settings, this.#tls, signal)
    const again = this.#tail.frames
    if (again.length > 0) {
      await connection.write(Buffer.concat(again), signal)
      this.#tail.touch(performance.now())
      this.#log.info(`Output ${this.name} sent ${again.length} messages again after its connection broke`)
    }
    this.#connection = connection
    return connection
  }
}

function receiverOf({ protocol, host, port }: SyslogSettings): string {
  return `${host}:${port}/${protocol}`
}
