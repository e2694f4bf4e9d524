import { once } from 'node:events'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import type { TlsOptions } from '../tls.ts'
import type { SyslogSettings } from './settings.ts'

const KEEP_ALIVE_MS = 30_000
/** A fresh connection must stand this long after the first write: refused client certificates and the like show only then. */
const PROBATION_MS = 1000
/** Longest wait for the receiver to read the rest when we close. */
const CLOSE_MS = 2000

/** How a connection ended: `failure` is undefined when the receiver closed it in good order. */
export interface ConnectionEnd {
  readonly failure: Error | undefined
}

/** One TCP or TLS connection to a receiver that only reads. */
export class Connection {
  readonly #socket: Socket
  readonly #timeoutMs: number
  readonly #ended: Promise<ConnectionEnd>
  #end: ConnectionEnd | undefined
  #proven = false

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket
    this.#timeoutMs = timeoutMs
    let failure: Error | undefined
    this.#ended = new Promise(resolve => {
      socket.on('error', error => {
        failure ??= error
      })
      // A receiver that half-closes will not read any more either.
      socket.on('end', () => socket.destroy())
      socket.on('close', () => {
        this.#end = { failure }
        resolve(this.#end)
      })
    })
    socket.resume()
  }

  /** Connect within the timeout; rejects with the error of the system, TLS, or abort. `tls` undefined: plain TCP. */
  static async open(
    { host, port, timeout_seconds }: SyslogSettings,
    tls: TlsOptions | undefined,
    signal: AbortSignal,
  ): Promise<Connection> {
    const timeoutMs = timeout_seconds * 1000
    const servername = isIP(host) === 0 ? host : undefined
    const socket = tls === undefined ? connectTcp({ host, port }) : connectTls({ host, port, servername, ...tls })
    const connection = new Connection(socket, timeoutMs)
    try {
      await once(socket, tls === undefined ? 'connect' : 'secureConnect', {
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      })
    } catch (error) {
      socket.destroy()
      throw signal.aborted || (error as Error).name !== 'AbortError' ? error : timeout('no connection')
    }
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    socket.setNoDelay(true)
    return connection
  }

  /** How it ended, once it has. */
  get end(): ConnectionEnd | undefined {
    return this.#end
  }

  /**
   * Resolves when the kernel has taken all bytes and the connection still stands; so a receiver that reads slowly slows us down.
   * Rejects, and closes the connection, on failure, timeout or abort.
   */
  async write(bytes: Buffer, signal: AbortSignal): Promise<void> {
    const abort = (): unknown => this.#socket.destroy(new Error('stopped'))
    const timer = setTimeout(() => this.#socket.destroy(timeout('the receiver does not read')), this.#timeoutMs)
    signal.addEventListener('abort', abort, { once: true })
    try {
      signal.throwIfAborted()
      await new Promise<void>((resolve, reject) => {
        this.#socket.write(bytes, error => (error ? reject(error) : resolve()))
      })
    } catch (error) {
      this.#socket.destroy()
      const { failure } = await this.#ended
      throw failure ?? error
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    }
    if (!this.#proven) await this.#prove(signal)
  }

  /** Let the receiver read the rest, then close. */
  async close(): Promise<void> {
    this.#socket.end()
    await Promise.race([this.#ended, pause(CLOSE_MS, undefined, { ref: false })])
    this.#socket.destroy()
  }

  async #prove(signal: AbortSignal): Promise<void> {
    try {
      const end = await Promise.race([this.#ended, pause(PROBATION_MS, undefined, { signal })])
      if (end !== undefined) throw refusal(end)
      this.#proven = true
    } catch (error) {
      this.#socket.destroy()
      throw error
    }
  }
}

/** Why a connection ended at once: an alert of TLS says it, a mere reset does not. */
function refusal({ failure }: ConnectionEnd): Error {
  const code = (failure as NodeJS.ErrnoException | undefined)?.code
  if (failure !== undefined && code !== 'ECONNRESET' && code !== 'EPIPE') return failure
  return Object.assign(new Error('closed at once'), { code: 'CLOSED_AT_ONCE' })
}

function timeout(message: string): Error {
  return Object.assign(new Error(`${message} in time`), { code: 'ETIMEDOUT' })
}
