import { createServer, type Server, type Socket } from 'node:net'
import fc from 'fast-check'
import Joi from 'joi'
import { afterEach, describe, expect, test } from 'vitest'
import type { Output } from '../../src/outputs/output.ts'
import { frame, UnconfirmedTail } from '../../src/outputs/syslog/frame.ts'
import { createSyslogOutput, type SyslogSettings, syslogSchema } from '../../src/outputs/syslog/index.ts'
import { headerHostname, syslogHeader, syslogMessage } from '../../src/outputs/syslog/message.ts'
import { freePorts, until } from '../peers/peer.ts'
import { deliver, documentOf, NO_ABORT, queuedEvents, testContext } from './harness.ts'

function settings(overrides: object = {}): SyslogSettings {
  return Joi.attempt({ type: 'syslog', host: 'localhost', protocol: 'tcp', ...overrides }, syslogSchema) as SyslogSettings
}

const EVENTS = queuedEvents()
const ALERT = EVENTS.find(({ dataset }) => dataset === 'wardwire.alert')!
const DICOM = EVENTS.find(({ dataset }) => dataset === 'wardwire.dicom')!

describe('messages', () => {
  test('an RFC 5424 header, word for word', () => {
    const message = syslogMessage(ALERT, settings(), 'sensor01')!
    const time = new Date(ALERT.time / 1000).toISOString()
    expect(syslogHeader(message, settings(), 'sensor01')).toBe(`<131>1 ${time} sensor01 wardwire ${process.pid} wardwire.alert - `)
    expect(message.text).toContain(` rt=${ALERT.time / 1000} `)
  })

  test('an RFC 3164 header has the local time with a blank before a single digit, and a program only before JSON', () => {
    const time = new Date(2026, 2, 1, 8, 5, 9)
    for (const [format, begin] of [
      ['cef', 'CEF:0|'],
      ['leef', 'LEEF:2.0|'],
      ['json', 'wardwire: {'],
    ] as const) {
      const chosen = settings({ header: 'rfc3164', format, facility: 'audit' })
      const message = { ...syslogMessage(DICOM, chosen, 'sensor01')!, time }
      expect(syslogHeader(message, chosen, 'sensor01')).toBe('<110>Mar  1 08:05:09 sensor01 ')
      expect(message.text.startsWith(begin)).toBe(true)
    }
  })

  test.each([
    [99, 2],
    [73, 3],
    [47, 4],
    [21, 5],
    [undefined, 6],
  ])('event.severity %s is syslog severity %i', (severity, expected) => {
    const document = documentOf(ALERT)
    const event = { ...ALERT, json: JSON.stringify({ ...document, event: { ...(document['event'] as object), severity } }) }
    expect(syslogMessage(event, settings(), 'x')!.severity).toBe(expected)
  })

  test('a host name holds printable ASCII only', () => {
    expect(headerHostname('sensor 01\n<1>Ä')).toBe('sensor01<1>')
    expect(headerHostname('医')).toBe('-')
    expect(headerHostname('x'.repeat(300))).toHaveLength(255)
  })

  test('any text, any limit: within the limit, one line, whole fields', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 1500 }),
        fc.integer({ min: 1024, max: 3000 }),
        fc.constantFrom('cef', 'leef'),
        (text, limit, format) => {
          const chosen = settings({ max_message_bytes: limit, format })
          const event = { ...DICOM, json: JSON.stringify({ ...documentOf(DICOM), message: text }) }
          const whole = syslogMessage(event, settings({ max_message_bytes: 1_000_000, format }), 'h')!
          const message = syslogMessage(event, chosen, 'h')
          if (message === undefined) return
          const bytes = Buffer.byteLength(syslogHeader(message, chosen, 'h') + message.text)
          expect(bytes).toBeLessThanOrEqual(limit)
          // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
          expect(message.text).not.toMatch(/[\u0000-\u001f\u007f]/)
          expect(whole.text.startsWith(message.text)).toBe(true)
          if (message.cut) expect(whole.text.slice(message.text.length)).toMatch(format === 'cef' ? /^ \w+=/ : /^\^/)
          else expect(message.text).toBe(whole.text)
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('frames', () => {
  test('octets are counted, not characters', () => {
    expect(frame('Ä<1>1 医', 'octet_counting').toString()).toBe('10 Ä<1>1 医')
    expect(frame('<1>1', 'newline').toString()).toBe('<1>1\n')
  })

  test('the tail keeps what was written last, up to its limit', () => {
    const tail = new UnconfirmedTail(10)
    tail.add([Buffer.from('aaaa'), Buffer.from('bbbb'), Buffer.from('cccc')], 0)
    expect(tail.frames.map(String)).toEqual(['bbbb', 'cccc'])
    tail.add([Buffer.from('longer than the limit')], 0)
    expect(tail.frames).toEqual([])
  })

  test('an orderly end confirms what had time to be read', () => {
    const tail = new UnconfirmedTail(100)
    tail.add([Buffer.from('old')], 0)
    tail.add([Buffer.from('new')], 9000)
    tail.settle(12_000)
    expect(tail.frames.map(String)).toEqual(['new'])
    tail.touch(20_000)
    tail.settle(25_000)
    expect(tail.frames.map(String)).toEqual(['new'])
  })
})

describe('receivers that misbehave', () => {
  const closing: (() => void)[] = []
  afterEach(() => {
    for (const close of closing.splice(0)) close()
  })

  async function receiver(onConnection: (socket: Socket, number: number) => void): Promise<number> {
    let number = 0
    const sockets = new Set<Socket>()
    const server: Server = createServer(socket => {
      sockets.add(socket.on('error', () => {}))
      onConnection(socket, ++number)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => {
      server.close()
      for (const socket of sockets) socket.destroy()
    })
    return (server.address() as { readonly port: number }).port
  }

  function output(port: number, overrides: object = {}, context = testContext()): Output {
    const created = createSyslogOutput('syslog', settings({ port, host: '127.0.0.1', timeout_seconds: 1, ...overrides }), context)
    closing.push(() => void created.close())
    return created
  }

  test('one that closes at once has received nothing', async () => {
    const port = await receiver(socket => socket.end())
    expect(await output(port).send([DICOM], NO_ABORT)).toMatchObject({ kind: 'retry' })
  })

  test('one that never reads slows us down and is left after timeout_seconds', async () => {
    const port = await receiver(socket => socket.pause())
    const big = { ...DICOM, json: JSON.stringify({ ...documentOf(DICOM), message: 'x'.repeat(900_000) }) }
    const events = Array.from({ length: 30 }, () => big)
    const verdict = await output(port, { format: 'json', max_message_bytes: 1024 * 1024 }).send(events, NO_ABORT)
    expect(verdict).toEqual({ kind: 'retry', reason: expect.stringContaining('no answer in time') })
  })

  test('what it did not read before the connection broke is sent again, with the same ids', async () => {
    const received: string[] = []
    const port = await receiver((socket, number) => {
      if (number === 1) setTimeout(() => socket.resetAndDestroy(), 1200)
      else socket.setEncoding('utf8').on('data', text => void received.push(String(text)))
    })
    const context = testContext()
    const instance = output(port, {}, context)
    await deliver(instance, [DICOM])
    await deliver(instance, [EVENTS[1]])
    await new Promise(resolve => setTimeout(resolve, 400))
    await deliver(instance, [EVENTS[2]])
    await until('the messages', () => received.join('').includes(EVENTS[2].id))
    for (const event of [DICOM, EVENTS[1]]) expect(received.join('')).toContain(event.id)
    expect(context.lines).toMatchObject([{ level: 'info', message: expect.stringContaining('sent 2 messages again') }])
  })

  test('one that half-closes the connection gets a new one', async () => {
    const connections: number[] = []
    const port = await receiver((socket, number) => {
      connections.push(number)
      socket.resume()
      if (number === 1) setTimeout(() => socket.end(), 1200)
    })
    const instance = output(port)
    await deliver(instance, [DICOM])
    await new Promise(resolve => setTimeout(resolve, 500))
    await deliver(instance, [EVENTS[1]])
    expect(connections).toEqual([1, 2])
  })

  test('one that does not speak TLS is named', async () => {
    const port = await receiver(socket => socket.end('220 mail.example.org ESMTP\r\n'))
    const verdict = await output(port, { protocol: 'tls' }).send([DICOM], NO_ABORT)
    expect(verdict).toEqual({ kind: 'retry', reason: expect.stringContaining('does not speak TLS') })
  })

  test('one that accepts and says nothing to TLS is left after timeout_seconds', async () => {
    const port = await receiver(() => {})
    const verdict = await output(port, { protocol: 'tls' }).send([DICOM], NO_ABORT)
    expect(verdict).toEqual({ kind: 'retry', reason: expect.stringContaining('no answer in time') })
  })

  test('a request under way can be stopped', async () => {
    const port = await receiver(() => {})
    const stop = new AbortController()
    const sent = output(port, { protocol: 'tls', timeout_seconds: 60 }).send([DICOM], stop.signal)
    setTimeout(() => stop.abort(), 50)
    expect(await sent).toMatchObject({ kind: 'retry' })
  })

  test('an unknown name and a closed port are tried again with the reason', async () => {
    const [port] = await freePorts(1)
    expect(await output(port).send([DICOM], NO_ABORT)).toEqual({ kind: 'retry', reason: expect.stringContaining('nothing listens there') })
    for (const protocol of ['udp', 'tcp']) {
      const verdict = await output(port, { host: 'no-such-host.invalid', protocol }).send([DICOM], NO_ABORT)
      expect(verdict).toEqual({ kind: 'retry', reason: expect.stringContaining('host name') })
    }
  })
})

describe('settings', () => {
  test('the port follows the protocol', () => {
    expect([settings({ protocol: 'udp' }).port, settings().port, settings({ protocol: 'tls' }).port]).toEqual([514, 514, 6514])
    expect(settings({ protocol: 'tls', port: 1 }).port).toBe(1)
  })

  test('a datagram cannot be longer than UDP allows', () => {
    expect(() => settings({ protocol: 'udp', max_message_bytes: 70_000 })).toThrow(/max_message_bytes/)
    expect(settings({ max_message_bytes: 70_000 }).max_message_bytes).toBe(70_000)
  })
})
