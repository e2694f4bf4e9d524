import { join } from 'node:path'
import Joi from 'joi'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Secret } from '../../src/config/secret.ts'
import type { Output } from '../../src/outputs/output.ts'
import { createSplunkHecOutput, type SplunkHecSettings, splunkHecSchema } from '../../src/outputs/splunk-hec/index.ts'
import { type HecCollector, hecMissing, type ReceivedEvent, startHec } from '../peers/hec.ts'
import { describePeer, until } from '../peers/peer.ts'
import { deliver, documentOf, NO_ABORT, queuedEvents, testContext } from './harness.ts'

const TOKEN = '11111111-2222-3333-4444-555555555555'

function output(hec: HecCollector, overrides: object = {}): Output {
  const config = {
    type: 'splunk-hec',
    url: hec.url,
    token: new Secret(TOKEN),
    index: 'ot',
    tls: { ca_file: join(hec.folder, 'ca.pem') },
    ...overrides,
  }
  return createSplunkHecOutput('splunk', Joi.attempt(config, splunkHecSchema) as SplunkHecSettings, testContext())
}

function idsOf(received: readonly ReceivedEvent[]): ReadonlySet<unknown> {
  return new Set(received.map(({ fields }) => fields['event_id']))
}

describePeer('splunk-hec output into the collector of OpenTelemetry', hecMissing(), () => {
  let hec: HecCollector
  beforeAll(async () => {
    hec = await startHec({ acknowledge: false })
  })
  afterAll(() => hec?.remove())

  test('every sample arrives whole, with its envelope', async () => {
    const events = queuedEvents()
    const { rejected } = await deliver(output(hec), events)
    expect(rejected.size).toBe(0)
    await until('all events', () => hec.received().length >= events.length)
    const byId = new Map(hec.received().map(received => [received.fields['event_id'], received]))
    expect(byId.size).toBe(events.length)
    for (const event of events) {
      const received = byId.get(event.id)!
      expect(received.event).toEqual(documentOf(event))
      expect(received).toMatchObject({ host: 'sensor01', source: event.dataset, sourcetype: 'wardwire:json', index: 'ot' })
      expect(received.time).toBeCloseTo(event.time / 1e6, 2)
    }
  })

  test('host and sourcetype can be set', async () => {
    const [event] = queuedEvents(101).slice(-1)
    await deliver(output(hec, { host: 'radiology', sourcetype: 'other', index: undefined }), [event])
    await until('the event', () => idsOf(hec.received()).has(event.id))
    expect(hec.received().at(-1)).toMatchObject({ host: 'radiology', sourcetype: 'other', index: null })
  })

  test('an overloaded collector is tried again', async () => {
    const events = queuedEvents(160).slice(-50)
    hec.overload(true)
    const verdict = await output(hec).send(events, NO_ABORT)
    expect(verdict).toMatchObject({ kind: 'retry' })
    expect(idsOf(hec.received()).has(events[0].id)).toBe(false)
    setTimeout(() => hec.overload(false), 300)
    const { verdicts } = await deliver(output(hec), events)
    expect(verdicts.length).toBeGreaterThan(1)
    await until('all events', () => events.every(({ id }) => idsOf(hec.received()).has(id)))
  })

  test('a collector killed and started again in mid-stream loses nothing', async () => {
    const events = queuedEvents(1200).slice(200)
    const instance = output(hec)
    const batches = Array.from({ length: 20 }, (_, batch) => events.slice(batch * 50, (batch + 1) * 50))
    for (const batch of batches.slice(0, 10)) await deliver(instance, batch)
    const restarted = hec.stop('SIGKILL').then(() => hec.start())
    for (const batch of batches.slice(10)) await deliver(instance, batch)
    await restarted
    const ids = idsOf(hec.received())
    expect(events.filter(({ id }) => !ids.has(id))).toEqual([])
    await instance.close()
  })

  test('a certificate of an unknown authority pauses with the reason, and nothing is sent', async () => {
    const [event] = queuedEvents(2001).slice(-1)
    for (const tls of [{ ca_file: join(hec.folder, 'other-ca.pem') }, {}]) {
      const verdict = await output(hec, { tls }).send([event], NO_ABORT)
      expect(verdict).toMatchObject({ kind: 'pause', reason: expect.stringContaining('certificate is not trusted') })
    }
    const name = await output(hec, { url: hec.url.replace('localhost', '127.0.0.1') }).send([event], NO_ABORT)
    expect(name).toMatchObject({ kind: 'pause', reason: expect.stringContaining('altnames') })
    expect(idsOf(hec.received()).has(event.id)).toBe(false)
    expect((await output(hec, { tls: { insecure: true } }).send([event], NO_ABORT)).kind).toBe('done')
  })

  test('a collector that is down is tried again with the reason', async () => {
    const verdict = await output(hec, { url: 'https://localhost:1' }).send(queuedEvents(1), NO_ABORT)
    expect(verdict).toEqual({ kind: 'retry', reason: 'https://localhost:1: nothing listens there (connection refused)' })
  })
})

describePeer('splunk-hec output with indexer acknowledgment', hecMissing(), () => {
  let hec: HecCollector
  beforeAll(async () => {
    hec = await startHec({ acknowledge: true })
  })
  afterAll(() => hec?.remove())

  test('a batch is delivered once it is acknowledged', async () => {
    const events = queuedEvents()
    const { verdicts } = await deliver(output(hec, { acknowledge: true }), events)
    expect(verdicts).toEqual([{ kind: 'done', rejected: new Map(), retry: [], notes: [] }])
    expect(idsOf(hec.received())).toEqual(new Set(events.map(({ id }) => id)))
  })
})
