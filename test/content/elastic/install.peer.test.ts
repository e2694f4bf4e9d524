import { join } from 'node:path'
import Joi from 'joi'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ClusterContent } from '../../../src/commands/elastic-cluster.ts'
import { installElastic } from '../../../src/commands/elastic-install.ts'
import { verifyElastic } from '../../../src/commands/elastic-verify.ts'
import { Secret } from '../../../src/config/secret.ts'
import { elasticContent, LATEST_TRANSFORMS } from '../../../src/content/elastic/transforms.ts'
import { DATASETS } from '../../../src/normalize/event.ts'
import { elasticsearchSchema } from '../../../src/outputs/elasticsearch/index.ts'
import type { ElasticsearchSettings } from '../../../src/outputs/elasticsearch/settings.ts'
import { defaultSettings, type Settings } from '../../../src/settings.ts'
import {
  type Elasticsearch,
  elasticsearch8Missing,
  elasticsearch9Missing,
  PASSWORD,
  startElasticsearch8,
  startElasticsearch9,
  templatesForPeers,
} from '../../peers/elasticsearch.ts'
import { describePeer } from '../../peers/peer.ts'

/** What these servers can take: no transforms, but the templates of their indices. */
function contentForPeers(): ClusterContent {
  const templates = templatesForPeers()
  const destinations = LATEST_TRANSFORMS.map(({ id }) => [id, elasticContent().indexTemplates[id]] as const)
  return { ...templates, indexTemplates: { ...templates.indexTemplates, ...Object.fromEntries(destinations) } }
}

const CONTENT = contentForPeers()

function settings(server: Elasticsearch, credentials: object): Settings {
  const output = Joi.attempt({ type: 'elasticsearch', url: server.url, ...credentials }, elasticsearchSchema) as ElasticsearchSettings
  return { ...defaultSettings(), outputs: { elastic: output } }
}

const PEERS = [
  { name: 'Elasticsearch 8.19', missing: elasticsearch8Missing(), start: startElasticsearch8, secure: true },
  { name: 'Elasticsearch 9.5', missing: elasticsearch9Missing(), start: startElasticsearch9, secure: false },
]

for (const { name, missing, start, secure } of PEERS)
  describePeer(`content on ${name}`, missing, () => {
    let server: Elasticsearch
    let cluster: Settings
    beforeAll(async () => {
      server = await start()
      const tls = { ca_file: join(server.folder, 'ca.pem') }
      cluster = settings(server, secure ? { username: 'admin', password: new Secret(PASSWORD), tls } : {})
    })
    afterAll(() => server?.remove())

    test('an empty cluster is told what it lacks', async () => {
      const { ok, text } = await verifyElastic(cluster, {}, CONTENT)
      expect(ok).toBe(false)
      for (const dataset of DATASETS) expect(text).toContain(`missing: index template logs-${dataset}\n`)
      expect(text).toContain('No sensor has written here yet')
    })

    test('what is installed is found as shipped, the lookup index of devices too', async () => {
      expect(await installElastic(cluster, { dryRun: false }, CONTENT)).toContain('created: index template wardwire-latest-device')
      expect(await installElastic(cluster, { dryRun: false }, CONTENT)).toMatch(/0 created, 0 updated/)
      await server.admin.indices.create({ index: 'wardwire-latest-device' })
      const { 'wardwire-latest-device': index } = await server.admin.indices.getSettings({ index: 'wardwire-latest-device' })
      expect(index.settings?.index?.mode).toBe('lookup')
    })

    test('data that arrives is seen, and then all is well', async () => {
      const now = new Date().toISOString()
      const document = { '@timestamp': now, event: { ingested: now, kind: 'metric' }, observer: { name: 'sensor-1' } }
      await server.admin.index({ index: 'logs-wardwire.health-default', op_type: 'create', refresh: true, document })
      const { ok, text } = await verifyElastic(cluster, {}, CONTENT)
      expect(text).toContain('and data arrives')
      expect(ok).toBe(true)
      expect(text).toMatch(/logs-wardwire\.health-default.*20\d\d-.*\b1\b/)
      expect(text).toMatch(/logs-wardwire\.vulnerability-default.*never/)
    })

    test('what somebody changed is found', async () => {
      await server.admin.cluster.putComponentTemplate({ name: 'logs-wardwire@settings', template: {} })
      expect(await verifyElastic(cluster, {}, CONTENT)).toMatchObject({
        ok: false,
        text: expect.stringContaining('not as shipped: component template logs-wardwire@settings'),
      })
    })

    if (secure)
      test('an account that may not look is told what it needs', async () => {
        const sensor = settings(server, {
          username: 'sensor',
          password: new Secret(PASSWORD),
          tls: { ca_file: join(server.folder, 'ca.pem') },
        })
        await expect(verifyElastic(sensor, {}, CONTENT)).rejects.toMatchObject({
          code: 'content_refused',
          mend: expect.stringContaining('read on logs-wardwire.*-*'),
        })
      })
  })
