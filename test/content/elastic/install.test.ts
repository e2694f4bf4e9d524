import Joi from 'joi'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { installElastic } from '../../../src/commands/elastic-install.ts'
import { verifyElastic } from '../../../src/commands/elastic-verify.ts'
import { loadDashboards } from '../../../src/content/elastic/dashboards.ts'
import { elasticContent } from '../../../src/content/elastic/transforms.ts'
import { loadRules } from '../../../src/content/rules.ts'
import { VERSION } from '../../../src/installation.ts'
import { DATASETS } from '../../../src/normalize/event.ts'
import { elasticsearchSchema } from '../../../src/outputs/elasticsearch/index.ts'
import type { ElasticsearchSettings } from '../../../src/outputs/elasticsearch/settings.ts'
import { defaultSettings, type Settings } from '../../../src/settings.ts'
import { type Scripted, startScripted } from '../scripted-server.ts'
import { clusterScript, type Kept, kibanaScript } from './scripted.ts'

const CLUSTER: Kept = new Map()
const KIBANA: Kept = new Map()
const RULES = loadRules()
const OBJECTS = loadDashboards().length + 1
let latest: number | undefined
let cluster: Scripted
let kibana: Scripted

beforeAll(async () => {
  cluster = await startScripted(clusterScript(CLUSTER, () => latest))
  kibana = await startScripted(kibanaScript(KIBANA, '/s/medical'))
})
afterAll(() => {
  cluster?.close()
  kibana?.close()
})
beforeEach(() => {
  process.env['WARDWIRE_KIBANA_API_KEY'] = 'kibana-key'
  CLUSTER.clear()
  KIBANA.clear()
  cluster.forget()
  kibana.forget()
  latest = Date.now() - 60_000
})
afterEach(() => {
  delete process.env['WARDWIRE_KIBANA_API_KEY']
})

function settings(): Settings {
  const output = Joi.attempt({ type: 'elasticsearch', url: cluster.url }, elasticsearchSchema) as ElasticsearchSettings
  return { ...defaultSettings(), outputs: { elastic: output } }
}
const space = (): string => `${kibana.url}/s/medical`
const install = (dryRun = false, content = elasticContent()): Promise<string> => installElastic(settings(), { dryRun }, content)
const installAll = (dryRun = false): Promise<string> => installElastic(settings(), { dryRun, kibana: space() })
const verify = (withKibana = false) => verifyElastic(settings(), withKibana ? { kibana: space() } : {})
const writes = (server: Scripted): readonly string[] =>
  server.seen
    .filter(({ method, path }) => method !== 'GET' && !path.includes('_search') && !path.includes('_export'))
    .map(({ method, path }) => `${method} ${path}`)

const DEVICE = '/_transform/wardwire-latest-device'

describe('transforms', () => {
  test('are created before their data streams are there, and started; then left alone', async () => {
    expect(await install()).toContain('created: transform wardwire-latest-device\n')
    expect(writes(cluster)).toContain(`PUT ${DEVICE}?defer_validation=true`)
    expect(writes(cluster).at(-1)).toBe('POST /_transform/wardwire-latest-vulnerability/_start')
    expect(CLUSTER.get('/_index_template/wardwire-latest-device')).toMatchObject({ template: { settings: { index: { mode: 'lookup' } } } })
    cluster.forget()
    expect(await install()).toContain(' 0 updated, ')
    expect(writes(cluster)).toEqual([])
  })

  test('are updated while they run', async () => {
    await install()
    CLUSTER.set(DEVICE, { ...CLUSTER.get(DEVICE), frequency: '1h' })
    cluster.forget()
    expect(await install()).toContain('updated: transform wardwire-latest-device\n')
    expect(writes(cluster)).toEqual([`POST ${DEVICE}/_update?defer_validation=true`])
    expect(CLUSTER.get(DEVICE)).toMatchObject({ frequency: '1m', state: 'started' })
  })

  test('begin anew when they group by something else', async () => {
    await install()
    CLUSTER.set(DEVICE, { ...CLUSTER.get(DEVICE), latest: { unique_key: ['host.name'], sort: '@timestamp' } })
    cluster.forget()
    await install()
    expect(writes(cluster)).toEqual([`DELETE ${DEVICE}?force=true`, `PUT ${DEVICE}?defer_validation=true`, `POST ${DEVICE}/_start`])
  })

  test('a dry run changes nothing', async () => {
    expect(await install(true)).toContain('would be created: transform wardwire-latest-device\n')
    expect(writes(cluster)).toEqual([])
  })
})

describe('a cluster with the integration package', () => {
  const ofFleet = (version: string): void => {
    for (const dataset of DATASETS) {
      CLUSTER.set(`/_index_template/logs-${dataset}`, { _meta: { managed_by: 'fleet' } })
      CLUSTER.set(`/_component_template/logs-${dataset}@package`, {
        template: { settings: { index: { default_pipeline: `logs-${dataset}-${version}` } } },
      })
    }
    for (const name of ['latest_device', 'latest_vulnerability'])
      CLUSTER.set(`/_transform/logs-wardwire.${name}-default-${version}`, { state: 'started' })
  }

  test('is left alone', async () => {
    ofFleet(VERSION)
    await expect(install()).rejects.toMatchObject({ code: 'content_managed', mend: expect.stringContaining('content build') })
    expect(writes(cluster)).toEqual([])
  })

  test('is verified by the version of the package', async () => {
    ofFleet(VERSION)
    expect(await verify()).toMatchObject({ ok: true })
    ofFleet('0.0.1')
    const { ok, text } = await verify()
    expect(ok).toBe(false)
    expect(text).toContain('not as shipped: data stream of the package wardwire.dicom')
    CLUSTER.delete('/_component_template/logs-wardwire.hl7@package')
    expect((await verify()).text).toContain('missing: data stream of the package wardwire.hl7')
  })
})

describe('Kibana', () => {
  test('gets every rule switched off, the data view and every dashboard; a second run changes nothing', async () => {
    const text = await installAll()
    expect(text).toContain(`created: detection rule ${RULES[0].name}\n`)
    expect(text).toContain('created: dashboard [wardwire] DICOM activity\n')
    const rules = [...KIBANA].filter(([key]) => key.startsWith('rule/'))
    expect(rules).toHaveLength(RULES.length)
    expect(rules.every(([, { enabled }]) => enabled === false)).toBe(true)
    expect(KIBANA.get('index-pattern/wardwire-logs')).toMatchObject({ attributes: { title: 'logs-wardwire.*-*' } })
    expect(KIBANA.size).toBe(RULES.length + OBJECTS)
    kibana.forget()
    expect(await installAll()).toMatch(/0 created, 0 updated, \d+ unchanged/)
    expect(writes(kibana)).toEqual([])
  })

  test('keeps the switch, exceptions and actions of a rule that is put right', async () => {
    await installAll()
    const key = `rule/${RULES[0].uuid}`
    const own = { enabled: true, exceptions_list: [{ id: 'x' }], actions: [{ id: 'y' }] }
    KIBANA.set(key, { ...KIBANA.get(key), ...own, query: 'event.kind : "nothing"' })
    kibana.forget()
    expect(await installAll()).toContain(`updated: detection rule ${RULES[0].name}\n`)
    expect(writes(kibana)).toEqual(['PATCH /s/medical/api/detection_engine/rules'])
    expect(KIBANA.get(key)).toMatchObject(own)
    expect(KIBANA.get(key)!['query']).not.toBe('event.kind : "nothing"')
  })

  test('gets a dashboard of another version anew, and only that', async () => {
    await installAll()
    const before = KIBANA.get('dashboard/wardwire-dicom') as { attributes: object }
    KIBANA.set('dashboard/wardwire-dicom', { ...before, attributes: { ...before.attributes, description: 'Shipped with wardwire 0.0.1.' } })
    kibana.forget()
    expect(await installAll()).toContain('updated: dashboard [wardwire] DICOM activity\n')
    expect(writes(kibana)).toEqual(['POST /s/medical/api/saved_objects/_import?overwrite=true'])
    const [upload] = kibana.seen.filter(({ path }) => path.includes('_import'))
    expect(upload.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/)
    expect(upload.text.match(/"type":"dashboard","attributes"|"id":"wardwire-[a-z]+","type":"dashboard"/g)).toHaveLength(1)
  })

  test('a dry run changes nothing there either', async () => {
    expect(await installAll(true)).toContain('would be created: dashboard [wardwire] DICOM activity\n')
    expect(writes(kibana)).toEqual([])
    expect(writes(cluster)).toEqual([])
  })

  test('needs a key and an address; what goes wrong is said with what to do, and never with the key', async () => {
    const code = (url: string): Promise<unknown> => installElastic(settings(), { dryRun: true, kibana: url })
    await expect(code('kibana.example.org:5601')).rejects.toMatchObject({ code: 'content_kibana' })
    await expect(code('https://user:hunter2@kibana')).rejects.toMatchObject({ message: expect.not.stringContaining('hunter2') })
    await expect(code('http://127.0.0.1:1')).rejects.toMatchObject({
      code: 'content_unreachable',
      message: expect.stringContaining('nothing listens there'),
    })
    process.env['WARDWIRE_KIBANA_API_KEY'] = 'wrong'
    await expect(code(space())).rejects.toMatchObject({ code: 'content_refused', message: expect.stringContaining('(401)') })
    delete process.env['WARDWIRE_KIBANA_API_KEY']
    await expect(code(space())).rejects.toMatchObject({
      code: 'content_kibana',
      message: expect.stringContaining('WARDWIRE_KIBANA_API_KEY'),
    })
  })

  test.each([
    ['a page instead of JSON', { status: 200, body: '<html>' }, 'is not Kibana'],
    ['an error with a reason', { status: 500, body: { message: 'out of order' } }, '500 out of order'],
    ['an import that fails', { status: 200, body: { success: false, errors: [{ id: 'd', error: { type: 'conflict' } }] } }, 'd: conflict'],
  ])('%s is told', async (_, answer, words) => {
    const script = kibanaScript(KIBANA)
    const broken = await startScripted(request =>
      request.path.includes('_import') || answer.status === 500 || answer.body === '<html>' ? answer : script(request),
    )
    try {
      await expect(installElastic(settings(), { dryRun: false, kibana: broken.url })).rejects.toMatchObject({
        code: 'content_invalid',
        message: expect.stringContaining(words),
      })
    } finally {
      broken.close()
    }
  })
})

describe('verify', () => {
  test('all there and data arrives', async () => {
    await installAll()
    KIBANA.set(`rule/${RULES[0].uuid}`, { ...KIBANA.get(`rule/${RULES[0].uuid}`), enabled: true })
    const { ok, text } = await verify(true)
    expect(text).toContain(`Everything of wardwire ${VERSION} is there, and data arrives.`)
    expect(ok).toBe(true)
    expect(text).toContain(`1 of ${RULES.length} detection rules are enabled.`)
    expect(text).toContain('logs-wardwire.alert-default')
    expect(text).toContain(new Date(latest!).toISOString())
    expect(writes(cluster).filter(write => !write.startsWith('PUT') && !write.endsWith('_start'))).toEqual([])
  })

  test('says what is missing, different or stopped', async () => {
    await installAll()
    CLUSTER.delete('/_index_template/logs-wardwire.dicom')
    CLUSTER.set('/_component_template/logs-wardwire@settings', { template: {} })
    CLUSTER.set(DEVICE, { ...CLUSTER.get(DEVICE), state: 'failed' })
    KIBANA.delete('dashboard/wardwire-hl7')
    const { ok, text } = await verify(true)
    expect(ok).toBe(false)
    for (const line of [
      'missing: index template logs-wardwire.dicom',
      'not as shipped: component template logs-wardwire@settings',
      'does not run: transform wardwire-latest-device',
      'missing: dashboard [wardwire] HL7 activity',
    ])
      expect(text.split('\n')).toContain(line)
  })

  test('says when no sensor is heard of', async () => {
    await install()
    latest = Date.now() - 3_600_000
    expect(await verify()).toMatchObject({ ok: false, text: expect.stringContaining('No sensor wrote in the last 15 minutes') })
    latest = undefined
    expect(await verify()).toMatchObject({ ok: false, text: expect.stringContaining('No sensor has written here yet') })
  })

  test('an empty cluster lacks everything, and is asked nothing but questions', async () => {
    const { ok, text } = await verify(true)
    expect(ok).toBe(false)
    expect(text).toContain(`missing: detection rule ${RULES[0].name}`)
    expect([...writes(cluster), ...writes(kibana)]).toEqual([])
  })
})
