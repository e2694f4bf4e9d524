import { join } from 'node:path'
import Joi from 'joi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EcsDocument } from '../../src/normalize/event.ts'
import { recordPairs } from '../../src/normalize/record.ts'
import type { Output } from '../../src/outputs/output.ts'
import { createSyslogOutput, type SyslogSettings, syslogSchema } from '../../src/outputs/syslog/index.ts'
import type { QueuedEvent } from '../../src/queue/queue.ts'
import { describePeer, until } from '../peers/peer.ts'
import { type ReceivedMessage, type Rsyslog, rsyslogMissing, startRsyslog } from '../peers/rsyslog.ts'
import { deliver, documentOf, NO_ABORT, queuedEvents, testContext } from './harness.ts'

describePeer('syslog output into rsyslog', rsyslogMissing(), () => {
  let rsyslog: Rsyslog
  beforeAll(async () => {
    rsyslog = await startRsyslog()
  })
  afterAll(() => rsyslog?.remove())

  const outputs: Output[] = []
  afterAll(() => Promise.all(outputs.map(output => output.close())))

  function output(protocol: SyslogSettings['protocol'], overrides: object = {}, context = testContext()): Output {
    const config = {
      type: 'syslog',
      host: 'localhost',
      port: rsyslog.ports[protocol],
      protocol,
      ...(protocol === 'tls' ? { tls: { ca_file: join(rsyslog.folder, 'ca.pem') } } : {}),
      ...overrides,
    }
    const created = createSyslogOutput('syslog', Joi.attempt(config, syslogSchema) as SyslogSettings, context)
    outputs.push(created)
    return created
  }

  /** The last messages, one for each event, once all have arrived. */
  async function receivedFor(events: readonly QueuedEvent[], before: number): Promise<readonly ReceivedMessage[]> {
    await until(`${events.length} messages`, () => rsyslog.received().length >= before + events.length)
    return rsyslog.received().slice(before)
  }

  test.each(['udp', 'tcp', 'tls'] as const)('%s: every CEF field of every sample is read back by liblognorm', async protocol => {
    const events = queuedEvents()
    const before = rsyslog.received().length
    const { rejected } = await deliver(output(protocol, { max_message_bytes: 32_768 }), events)
    expect(rejected.size).toBe(0)
    const received = await receivedFor(events, before)
    expect(received).toHaveLength(events.length)
    for (const [index, message] of received.entries()) {
      const document = documentOf(events[index])
      expect(message.fields.cef, message.text).toBeDefined()
      expect(message.fields.cef!.Extensions).toEqual(expectedFields(document))
      expect(message.fields.cef!.SignatureID).not.toBe('')
      expect(message).toMatchObject({ app: 'wardwire', host: 'sensor01', msgid: events[index].dataset, facility: 'local0' })
      expect(Date.parse(message.time)).toBe(Number(message.fields.cef!.Extensions['rt']))
    }
    const alerts = received.filter(({ msgid }) => msgid === 'wardwire.alert')
    expect(new Set(alerts.map(({ severity }) => severity))).toEqual(new Set([3, 2]))
  })

  test.each([
    ['tcp', 'octet_counting'],
    ['tcp', 'newline'],
    ['tls', 'octet_counting'],
    ['tls', 'newline'],
  ] as const)('%s with %s: JSON documents arrive whole', async (protocol, framing) => {
    const events = queuedEvents()
    const before = rsyslog.received().length
    await deliver(output(protocol, { format: 'json', framing, max_message_bytes: 65_000 }), events)
    const received = await receivedFor(events, before)
    expect(received.map(({ text }) => JSON.parse(text.trim()) as EcsDocument)).toEqual(events.map(documentOf))
  })

  test('RFC 3164 and LEEF', async () => {
    const [event] = queuedEvents()
    const before = rsyslog.received().length
    await deliver(output('tcp', { format: 'leef', header: 'rfc3164' }), [event])
    const [{ raw, host, time }] = await receivedFor([event], before)
    expect(raw).toMatch(/^<134>\w{3} [ \d]\d \d\d:\d\d:\d\d sensor01 LEEF:2\.0\|/)
    expect(host).toBe('sensor01')
    expect(new Date(time).getUTCSeconds()).toBe(new Date(event.time / 1000).getUTCSeconds())
  })

  test('a text with line breaks and a forged message stays one message', async () => {
    const [event] = queuedEvents()
    const hostile = 'first\r\n<134>1 2026-03-01T08:00:00Z evil wardwire - - - CEF:0|forged\u0000\u2028\n12 <1>1 - - -'
    const document = { ...documentOf(event), message: hostile }
    for (const overrides of [{}, { framing: 'newline' }, { format: 'leef', framing: 'newline' }, { format: 'json', framing: 'newline' }]) {
      const before = rsyslog.received().length
      const instance = output('tcp', overrides)
      await deliver(instance, [{ ...event, json: JSON.stringify(document) }])
      await deliver(instance, [event])
      const received = await receivedFor([event, event], before)
      expect(received).toHaveLength(2)
      expect(received.map(({ app, host }) => [app, host])).toEqual([
        ['wardwire', 'sensor01'],
        ['wardwire', 'sensor01'],
      ])
    }
  })

  test.each(['tcp', 'tls'] as const)('%s: a receiver killed and started again in mid-stream loses nothing', async protocol => {
    const events = queuedEvents(2000)
    const before = rsyslog.received().length
    const instance = output(protocol, { max_message_bytes: 32_768 })
    for (const [part, signal] of (['SIGKILL', 'SIGTERM'] as const).entries()) {
      const batches = Array.from({ length: 20 }, (_, batch) => events.slice(part * 1000 + batch * 50, part * 1000 + (batch + 1) * 50))
      for (const batch of batches.slice(0, 10)) await deliver(instance, batch)
      const restarted = rsyslog.stop(signal).then(() => rsyslog.start())
      for (const batch of batches.slice(10)) await deliver(instance, batch)
      await restarted
    }
    // What a break hides until the next event comes.
    const [last] = queuedEvents(2001).slice(-1)
    await deliver(instance, [last])
    const wanted = new Set([...events, last].map(({ id }) => id))
    const seen = (): ReadonlySet<string | undefined> =>
      new Set(
        rsyslog
          .received()
          .slice(before)
          .map(message => message.fields.cef?.Extensions['externalId']),
      )
    await until('every event', () => seen().size === wanted.size)
    expect(seen()).toEqual(wanted)
  })

  test('a certificate of an unknown authority pauses with the reason', async () => {
    const other = output('tls', { tls: { ca_file: join(rsyslog.folder, 'other-ca.pem') } })
    const verdict = await other.send(queuedEvents(1), NO_ABORT)
    expect(verdict).toMatchObject({ kind: 'pause', reason: expect.stringContaining('certificate is not trusted') })
    const name = await output('tls', { host: '127.0.0.1' }).send(queuedEvents(1), NO_ABORT)
    expect(name).toMatchObject({ kind: 'pause', reason: expect.stringContaining('altnames') })
    const wellKnown = await output('tls', { tls: {} }).send(queuedEvents(1), NO_ABORT)
    expect(wellKnown.kind).toBe('pause')
  })

  test('an unverified certificate is accepted only when asked for, and the log says so', async () => {
    const context = testContext()
    const instance = output('tls', { tls: { insecure: true } }, context)
    expect(context.lines).toMatchObject([{ level: 'warn', message: expect.stringContaining('tls.insecure') }])
    expect((await instance.send(queuedEvents(1), NO_ABORT)).kind).toBe('done')
  })

  test('a receiver that demands a client certificate gets it, and without one nothing counts as delivered', async () => {
    const { folder, ports } = rsyslog
    const [event] = queuedEvents()
    const ca = { ca_file: join(folder, 'ca.pem') }
    const without = await output('tls', { port: ports.mutual, tls: ca }).send([event], NO_ABORT)
    expect(without).toEqual({ kind: 'retry', reason: expect.stringContaining('demand a client certificate') })
    const before = rsyslog.received().length
    const files = { ...ca, cert_file: join(folder, 'client.pem'), key_file: join(folder, 'client.key') }
    await deliver(output('tls', { port: ports.mutual, tls: files }), [event])
    await receivedFor([event], before)
  })

  describe('what does not fit', () => {
    const limit = 1200

    test('CEF loses whole fields at its end, on a character boundary, and is still read', async () => {
      const [event] = queuedEvents()
      const document = { ...documentOf(event), message: 'Ärzte 医者 '.repeat(80) }
      const before = rsyslog.received().length
      const verdict = await output('udp', { max_message_bytes: limit }).send([{ ...event, json: JSON.stringify(document) }], NO_ABORT)
      expect(verdict).toMatchObject({ kind: 'done', notes: [expect.stringContaining('lost fields')] })
      const [{ raw, fields }] = await receivedFor([event], before)
      expect(Buffer.byteLength(raw)).toBeLessThanOrEqual(limit)
      const whole = expectedFields(document)
      const kept = fields.cef!.Extensions
      expect(Object.keys(kept).length).toBeLessThan(Object.keys(whole).length)
      for (const [key, value] of Object.entries(kept)) expect(value, key).toBe(whole[key])
    })

    test('JSON is rejected with the reason, and the others are delivered', async () => {
      const events = queuedEvents(3)
      const long = { ...documentOf(events[1]), message: 'x'.repeat(9000) }
      const before = rsyslog.received().length
      const { rejected } = await deliver(output('tcp', { format: 'json' }), [
        events[0],
        { ...events[1], json: JSON.stringify(long) },
        events[2],
      ])
      expect(rejected).toEqual(new Map([[events[1].id, 'longer than max_message_bytes (8192) as json']]))
      await receivedFor([events[0], events[2]], before)
    })
  })
})

/** Keys and values that the record of a document must give back, as the mapping has them. */
function expectedFields(document: EcsDocument): Readonly<Record<string, string>> {
  return Object.fromEntries(
    recordPairs(document).flatMap(({ key, label, value }) => [[key, value], ...(label === undefined ? [] : [[`${key}Label`, label]])]),
  )
}
