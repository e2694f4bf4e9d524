import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Joi from 'joi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installElastic } from '../../src/commands/elastic-install.ts'
import { Secret } from '../../src/config/secret.ts'
import { DATASETS, type EcsDocument } from '../../src/normalize/event.ts'
import { createElasticsearchOutput, type ElasticsearchSettings, elasticsearchSchema } from '../../src/outputs/elasticsearch/index.ts'
import type { Output } from '../../src/outputs/output.ts'
import { defaultSettings, type Settings } from '../../src/settings.ts'
import {
  type Elasticsearch,
  elasticsearch8Missing,
  elasticsearch9Missing,
  PASSWORD,
  startElasticsearch8,
  startElasticsearch9,
  storedDocuments,
  templatesForPeers,
} from '../peers/elasticsearch.ts'
import { describePeer } from '../peers/peer.ts'
import { deliver, documentOf, NO_ABORT, queuedEvents, testContext } from './harness.ts'

function settingsFor(server: Elasticsearch, username: string | undefined, overrides: object = {}): ElasticsearchSettings {
  const config = {
    type: 'elasticsearch',
    url: server.url,
    ...(username === undefined ? {} : { username, password: new Secret(PASSWORD), tls: { ca_file: join(server.folder, 'ca.pem') } }),
    ...overrides,
  }
  return Joi.attempt(config, elasticsearchSchema) as ElasticsearchSettings
}

function output(server: Elasticsearch, username: string | undefined, overrides: object = {}): Output {
  return createElasticsearchOutput('elastic', settingsFor(server, username, overrides), testContext())
}

function configuration(outputs: Settings['outputs']): Settings {
  return { ...defaultSettings(), outputs }
}

const TEMPLATES = templatesForPeers()
const THINGS = Object.values(TEMPLATES).flatMap(kind => Object.keys(kind as object)).length

describePeer('Elasticsearch 8.19 with TLS and roles', elasticsearch8Missing(), () => {
  let server: Elasticsearch
  beforeAll(async () => {
    server = await startElasticsearch8()
  })
  afterAll(() => server?.remove())

  describe('wardwire content install elastic', () => {
    const install = (options: { readonly dryRun: boolean }, username = 'installer', overrides = {}): Promise<string> =>
      installElastic(configuration({ elastic: settingsFor(server, username, overrides) }), options, TEMPLATES)

    test('a dry run says what would be created and changes nothing', async () => {
      const text = await install({ dryRun: true })
      expect(text).toContain(`${THINGS} would be created, 0 would be updated, 0 unchanged (dry run: nothing was changed)`)
      expect((await server.admin.indices.getIndexTemplate()).index_templates).toEqual([])
    })

    test('creates what is missing; a second run and a dry run find everything unchanged', async () => {
      const text = await install({ dryRun: false })
      expect(text).toContain(`${THINGS} created, 0 updated, 0 unchanged`)
      for (const dataset of DATASETS) expect(text).toContain(`created: index template logs-${dataset}\n`)
      expect(await install({ dryRun: false })).toContain(`0 created, 0 updated, ${THINGS} unchanged`)
      expect(await install({ dryRun: true })).toContain(`0 would be created, 0 would be updated, ${THINGS} unchanged`)
    })

    test('puts right what somebody changed, and says when it takes effect', async () => {
      const name = 'logs-wardwire@settings'
      await server.admin.cluster.putComponentTemplate({ name, template: { settings: { index: { number_of_replicas: 3 } } } })
      const planned = await install({ dryRun: true })
      expect(planned).toContain(`would be updated: component template ${name}\n`)
      expect(planned).toContain(`0 would be created, 1 would be updated, ${THINGS - 1} unchanged`)
      const text = await install({ dryRun: false })
      expect(text).toContain(`0 created, 1 updated, ${THINGS - 1} unchanged`)
      expect(text).toContain('next rollover')
      expect(await install({ dryRun: false })).toContain(`${THINGS} unchanged`)
    })

    test('an account that may not is refused with the privileges that it needs', async () => {
      await expect(install({ dryRun: false }, 'sensor')).rejects.toMatchObject({
        code: 'content_refused',
        mend: expect.stringContaining('manage_index_templates and manage_ingest_pipelines'),
      })
      await expect(install({ dryRun: true }, 'nobody')).rejects.toMatchObject({
        code: 'content_refused',
        message: expect.stringContaining('401'),
      })
    })

    test('a template that the server refuses is named with its reason', async () => {
      const error = installElastic(
        configuration({ elastic: settingsFor(server, 'admin') }),
        { dryRun: false },
        {
          ...TEMPLATES,
          componentTemplates: { 'logs-wardwire@bad': { template: { mappings: { properties: { x: { type: 'unheard_of' } } } } } },
        },
      )
      await expect(error).rejects.toMatchObject({ code: 'content_invalid', message: expect.stringContaining('unheard_of') })
    })

    test('an unknown authority and an address without a server', async () => {
      await expect(install({ dryRun: true }, 'installer', { tls: {} })).rejects.toMatchObject({
        code: 'content_unreachable',
        message: expect.stringContaining('certificate is not trusted'),
      })
      await expect(install({ dryRun: true }, 'installer', { url: 'https://localhost:1' })).rejects.toMatchObject({
        code: 'content_unreachable',
        message: expect.stringContaining('nothing listens there'),
      })
    })
  })

  describe('events of the least-privileged account', () => {
    test('every sample is stored whole in its data stream; sending it again changes nothing', async () => {
      const events = queuedEvents()
      const instance = output(server, 'sensor')
      expect(await deliver(instance, events)).toMatchObject({ rejected: new Map(), verdicts: [{ kind: 'done' }] })
      const before = await storedDocuments(server.admin)
      for (const event of events) expect(before.get(event.id)).toEqual(documentOf(event))
      expect(before.size).toBe(events.length)
      const again = await deliver(
        instance,
        events.map(event => ({ ...event, json: JSON.stringify({ ...documentOf(event), message: 'changed' }) })),
      )
      expect(again.verdicts).toEqual([{ kind: 'done', rejected: new Map(), retry: [], notes: [] }])
      expect(await storedDocuments(server.admin)).toEqual(before)
      await instance.close()
    })

    test('an event that the mapper refuses is rejected, without its content, and the others are delivered', async () => {
      const [first, second, third] = queuedEvents(103).slice(-3)
      const document = { ...documentOf(second), '@timestamp': 'DOE^JANE' } as EcsDocument
      const bad = { ...second, json: JSON.stringify(document) }
      const { rejected } = await deliver(output(server, 'sensor'), [first, bad, third])
      expect([...rejected.keys()]).toEqual([second.id])
      const [reason] = rejected.values()
      expect(reason).toBe('400 document_parsing_exception: failed to parse field [@timestamp] of type [date]')
      expect(reason).not.toContain('DOE')
      const stored = await storedDocuments(server.admin)
      expect([first, second, third].map(({ id }) => stored.has(id))).toEqual([true, false, true])
    })

    test('wrong credentials pause', async () => {
      const wrong = [
        { username: 'sensor', password: new Secret('wrong') },
        { username: undefined, password: undefined, api_key: new Secret('bm9uZTpub25l') },
      ]
      for (const credentials of wrong) {
        const verdict = await output(server, 'sensor', credentials).send(queuedEvents(1), NO_ABORT)
        expect(verdict).toMatchObject({ kind: 'pause', reason: expect.stringContaining('credentials are refused (401)') })
      }
    })

    test('missing privileges pause and are named', async () => {
      const verdict = await output(server, 'installer').send(queuedEvents(1), NO_ABORT)
      expect(verdict).toMatchObject({ kind: 'pause', reason: expect.stringContaining('index privileges auto_configure and create_doc') })
    })

    test('privileges for some datasets deliver those and keep the others', async () => {
      const events = queuedEvents(200).slice(-40)
      const verdict = await output(server, 'partial').send(events, NO_ABORT)
      const others = [...events.keys()].filter(index => events[index].dataset !== 'wardwire.dicom')
      expect(verdict).toMatchObject({ kind: 'done', rejected: new Map(), retry: others, notes: [expect.stringContaining('create_doc')] })
      expect(others.length).toBeGreaterThan(0)
      const rest = await output(server, 'partial').send(
        others.map(index => events[index]),
        NO_ABORT,
      )
      expect(rest.kind).toBe('pause')
    })

    test('a pipeline that is missing pauses and is never held against an event', async () => {
      await server.admin.indices.putIndexTemplate({
        name: 'pipeline-gone',
        index_patterns: ['logs-wardwire.*-gone'],
        priority: 900,
        data_stream: {},
        template: { settings: { index: { default_pipeline: 'gone' } } },
      })
      const verdict = await output(server, 'sensor', { namespace: 'gone' }).send(queuedEvents(3), NO_ABORT)
      expect(verdict).toMatchObject({ kind: 'pause', reason: expect.stringContaining('content install elastic') })
    })
  })

  test('a request that is too large for the server is split until it fits', async () => {
    const events = queuedEvents(330)
      .slice(-30)
      .map(event => ({ ...event, json: JSON.stringify({ ...documentOf(event), message: 'x'.repeat(90_000) }) }))
    const { rejected, verdicts } = await deliver(output(server, 'sensor', { compression: false }), events)
    expect(verdicts[0]).toMatchObject({ kind: 'split', reason: expect.stringContaining('413') })
    expect(rejected.size).toBe(0)
    const stored = await storedDocuments(server.admin)
    expect(events.filter(({ id }) => !stored.has(id))).toEqual([])
  })

  describe('TLS', () => {
    const [event] = queuedEvents(301).slice(-1)

    test.each([
      ['another authority', { ca_file: 'other-ca.pem' }],
      ['the well-known authorities', {}],
    ])('a certificate that %s did not sign pauses', async (_, files: { ca_file?: string }) => {
      const tls = files.ca_file === undefined ? {} : { ca_file: join(server.folder, files.ca_file) }
      const verdict = await output(server, 'sensor', { tls }).send([event], NO_ABORT)
      expect(verdict).toMatchObject({ kind: 'pause', reason: expect.stringContaining('certificate is not trusted') })
    })

    test('a name that the certificate does not have pauses', async () => {
      const verdict = await output(server, 'sensor', { url: server.url.replace('localhost', '127.0.0.1') }).send([event], NO_ABORT)
      expect(verdict).toMatchObject({ kind: 'pause', reason: expect.stringContaining('altnames') })
    })

    test('a fingerprint finds the authority in the chain; another is refused', async () => {
      const print = (file: string): string => new X509Certificate(readFileSync(join(server.folder, file))).fingerprint256
      const wrong = await output(server, 'sensor', { tls: { ca_fingerprint: print('other-ca.pem') } }).send([event], NO_ABORT)
      expect(wrong).toMatchObject({ kind: 'pause', reason: expect.stringContaining('ca_fingerprint') })
      const right = await output(server, 'sensor', { tls: { ca_fingerprint: print('ca.pem') } }).send([event], NO_ABORT)
      expect(right).toMatchObject({ kind: 'done' })
    })
  })

  test('a server killed and started again in mid-stream loses nothing', async () => {
    const events = queuedEvents(1400).slice(400)
    const instance = output(server, 'sensor')
    const batches = Array.from({ length: 10 }, (_, batch) => events.slice(batch * 100, (batch + 1) * 100))
    for (const batch of batches.slice(0, 5)) await deliver(instance, batch)
    const restarted = server.stop('SIGKILL').then(() => server.start())
    for (const batch of batches.slice(5)) await deliver(instance, batch)
    await restarted
    const stored = await storedDocuments(server.admin)
    expect(events.filter(({ id }) => !stored.has(id))).toEqual([])
    await instance.close()
  })
})

describePeer('Elasticsearch 9.5', elasticsearch9Missing(), () => {
  let server: Elasticsearch
  beforeAll(async () => {
    server = await startElasticsearch9()
  })
  afterAll(() => server?.remove())

  test('content is installed once and then found unchanged', async () => {
    const settings = configuration({ elastic: settingsFor(server, undefined) })
    expect(await installElastic(settings, { dryRun: false }, TEMPLATES)).toContain(`${THINGS} created`)
    expect(await installElastic(settings, { dryRun: false }, TEMPLATES)).toContain(`${THINGS} unchanged`)
  })

  test('every sample is stored whole; sending it again changes nothing', async () => {
    const events = queuedEvents()
    const instance = output(server, undefined)
    await deliver(instance, events)
    await deliver(instance, events)
    const stored = await storedDocuments(server.admin)
    expect(stored).toEqual(new Map(events.map(event => [event.id, documentOf(event)])))
  })

  test('an event that the mapper refuses is rejected and the others are delivered', async () => {
    const [first, second] = queuedEvents(102).slice(-2)
    const bad = { ...first, json: JSON.stringify({ ...documentOf(first), '@timestamp': 'DOE^JANE' }) }
    const { rejected } = await deliver(output(server, undefined), [bad, second])
    expect([...rejected]).toEqual([
      [first.id, expect.stringMatching(/^400 document_parsing_exception: failed to parse field \[@timestamp\]/)],
    ])
  })

  test('one of several addresses is enough', async () => {
    const [event] = queuedEvents(201).slice(-1)
    await deliver(output(server, undefined, { url: ['http://localhost:1', server.url] }), [event])
    expect((await storedDocuments(server.admin)).has(event.id)).toBe(true)
  })
})
