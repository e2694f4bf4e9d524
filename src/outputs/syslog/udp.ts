import { lookup } from 'node:dns/promises'
import { type Client, createClient, Transport } from 'syslog-client'
import { APP_NAME, type SyslogMessage } from './message.ts'
import { FACILITIES, type SyslogSettings } from './settings.ts'

/** The client's idle timer is for TCP, but it reads the option in any case and takes 0 for ten seconds. */
const NEVER_MS = 2_147_483_647

/**
 * Datagrams through `syslog-client` (RFC 5426), one after the other so that a batch does not overrun the receiver's buffer. The
 * network may lose any of them and nobody notices.
 */
export class UdpSender {
  readonly #settings: SyslogSettings
  readonly #hostname: string
  #client: { readonly address: string; readonly client: Client } | undefined

  constructor(settings: SyslogSettings, hostname: string) {
    this.#settings = settings
    this.#hostname = hostname
  }

  /** Hand the messages to the network. Rejects with the first failure; what was sent before it is in `sent`. */
  async send(messages: readonly SyslogMessage[], signal: AbortSignal): Promise<{ readonly sent: number; readonly failure: unknown }> {
    let sent = 0
    try {
      const { address } = await lookup(this.#settings.host)
      for (const message of messages) {
        signal.throwIfAborted()
        await this.#log(address, message)
        sent++
      }
    } catch (failure) {
      return { sent, failure }
    }
    return { sent, failure: undefined }
  }

  close(): void {
    this.#client?.client.close()
    this.#client = undefined
  }

  #log(address: string, message: SyslogMessage): Promise<void> {
    const facility = FACILITIES.indexOf(this.#settings.facility)
    const { severity, time: timestamp, msgId: msgid } = message
    return new Promise((resolve, reject) => {
      this.#clientFor(address).log(message.text, { facility, severity, timestamp, msgid }, error =>
        error === undefined || error === null ? resolve() : reject(error),
      )
    })
  }

  #clientFor(address: string): Client {
    if (this.#client?.address === address) return this.#client.client
    this.close()
    const client = createClient(address, {
      syslogHostname: this.#hostname,
      port: this.#settings.port,
      transport: Transport.Udp,
      rfc3164: this.#settings.header === 'rfc3164',
      appName: APP_NAME,
      tcpTimeout: NEVER_MS,
    })
    // Failures reach the callback of `log`; without a listener they would end the process.
    client.on('error', () => {})
    this.#client = { address, client }
    return client
  }
}
