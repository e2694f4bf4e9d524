import { describe, expect, test } from 'vitest'
import { CEF_SOURCETYPE, JSON_SOURCETYPE, OT_SOURCETYPE } from '../../../src/content/splunk/addon.ts'
import { formatCef } from '../../../src/normalize/cef.ts'
import type { EcsDocument } from '../../../src/normalize/event.ts'
import { goldenEvents, ndjsonOf } from '../events.ts'
import { ADDON, conf, RULES } from './apps.ts'
import { eventtypesOf, searchTimeFields } from './knowledge.ts'
import { eventRow, list, type Row } from './spl/row.ts'

const golden: readonly EcsDocument[] = [...goldenEvents().values()].flat()
const documents: readonly EcsDocument[] = [...golden, ...RULES.flatMap(({ events }) => ndjsonOf(events))]

function jsonFields(document: EcsDocument): Row {
  return searchTimeFields(eventRow(document, 0), JSON_SOURCETYPE)
}

/** The record as it comes over syslog, header and all. */
function cefFields(document: EcsDocument): Row {
  const raw = `<134>1 2026-11-23T09:10:53.779Z ward1 wardwire 4711 wardwire.dicom - ${formatCef(document)}`
  return searchTimeFields({ _raw: raw, sourcetype: CEF_SOURCETYPE }, CEF_SOURCETYPE)
}

describe('event types', () => {
  test('every event has exactly one, as JSON and as CEF', () => {
    for (const document of documents)
      for (const row of [jsonFields(document), cefFields(document)]) expect(eventtypesOf(row), String(row['_raw'])).toHaveLength(1)
  })

  test('alerts that were given the sourcetype of OT Security keep theirs', () => {
    const alert = documents.find(document => (document['event'] as EcsDocument)['kind'] === 'alert')!
    expect(eventtypesOf({ ...jsonFields(alert), sourcetype: OT_SOURCETYPE })).toEqual(['wardwire_alert'])
  })

  test('events of other products have none', () => {
    expect(eventtypesOf({ ...jsonFields(documents[0]), sourcetype: 'zeek:json' })).toEqual([])
  })
})

describe('fields of the Common Information Model', () => {
  const find = (action: string): EcsDocument => documents.find(document => (document['event'] as EcsDocument)['action'] === action)!

  test('of a flow', () => {
    const flow = find('flow-ended')
    const row = jsonFields(flow)
    expect(row).toMatchObject({ action: 'allowed', app: 'hl7', transport: 'tcp', protocol: 'ip', vendor_product: 'wardwire sensor' })
    expect(row['bytes']).toBe(Number(row['bytes_in']) + Number(row['bytes_out']))
    expect(row['src_mac']).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)
    expect(row['duration']).toBe(Number((flow['event'] as EcsDocument)['duration']) / 1e9)
  })

  test('of an alert, with what OT Security asks for', () => {
    const row = jsonFields(find('alert-raised'))
    expect(row).toMatchObject({ type: 'alert', ids_type: 'network', severity: expect.stringMatching(/^(critical|high|medium|low)$/) })
    for (const field of ['technique_id', 'signature', 'signature_id', 'severity', 'src', 'dest', 'dvc', 'id', 'app', 'description'])
      expect(list(row[field]), field).not.toEqual([])
    expect(list(row['technique_id'])[0]).toMatch(/^T\d{4}/)
  })

  test('of a refused association', () => {
    const refused = documents.find(document => JSON.stringify(document).includes('"result":"rejected"'))!
    expect(jsonFields(refused)['action']).toBe('blocked')
    expect(cefFields(refused)['action']).toBe('blocked')
  })

  test('of a device', () => {
    const row = jsonFields(find('device-discovered'))
    expect(row['dest']).toBe(row['host.name'])
    expect(list(row['mac'])[0]).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)
    expect(jsonFields(find('device-changed'))).toMatchObject({ action: 'modified', change_type: 'device', status: 'success' })
  })
})

describe('CEF', () => {
  /** What a record says as the JSON event does. */
  const SAME = [
    'src',
    'dest',
    'src_ip',
    'dest_ip',
    'src_port',
    'dest_port',
    'src_mac',
    'dest_mac',
    'transport',
    'app',
    'bytes',
    'bytes_in',
    'bytes_out',
    'dvc',
    'flow_id',
  ]
  const SAME_OF_ALERTS = ['signature', 'signature_id', 'severity', 'category', 'type']
  const KINDS = ['network', 'alert'] as const
  const isNetwork = (document: EcsDocument): boolean => document['source'] !== undefined

  test.each(KINDS)('says of %s events what JSON says', kind => {
    const chosen = golden.filter(document =>
      kind === 'alert' ? (document['event'] as EcsDocument)['kind'] === 'alert' : isNetwork(document),
    )
    expect(chosen.length).toBeGreaterThan(5)
    for (const document of chosen) {
      const [json, cef] = [jsonFields(document), cefFields(document)]
      for (const field of kind === 'alert' ? [...SAME, ...SAME_OF_ALERTS] : SAME) {
        if (field === 'flow_id' && list(cef[field]).length === 0) continue
        expect({ [field]: list(cef[field]).map(String) }, String(cef['_raw'])).toEqual({ [field]: list(json[field]).map(String) })
      }
    }
  })

  test('gives labels as names, and never writes over a field of Splunk', () => {
    const association = documents.find(document => (document['event'] as EcsDocument)['action'] === 'dicom-association')!
    const row = cefFields(association)
    const { calling_ae_title: calling } = association['dicom'] as EcsDocument
    expect(row['calling_ae_title']).toBe(calling)
    expect(row['dicom.calling_ae_title']).toBe(calling)
    const web = documents.map(cefFields).find(fields => fields['cef_host'] !== undefined)!
    expect(web['host']).toBeUndefined()
    expect(web['url.domain']).toBe(web['cef_host'])
  })

  test('gives a vulnerability the severity of its score', () => {
    const asset = documents.find(document => (document['event'] as EcsDocument)['action'] === 'device-discovered')!
    const scored = (base: number): Row =>
      cefFields({
        ...asset,
        event: { ...(asset['event'] as EcsDocument), dataset: 'wardwire.vulnerability', action: 'vulnerability-opened' },
        vulnerability: { id: 'CVE-2024-0001', score: { base } },
      })
    expect([9.8, 7, 6.9, 2].map(base => scored(base)['severity'])).toEqual(['critical', 'high', 'medium', 'low'])
    expect(scored(9.8)['signature']).toBe('CVE-2024-0001')
  })

  test('takes escapes out of free text', () => {
    const document = { ...documents[0], message: 'a=b \\n c\\\\d = e\nf' }
    expect(cefFields(document)['description']).toBe('a=b \\n c\\\\d = e\nf')
  })

  test('reads the syslog header', () => {
    expect(cefFields(documents[0])).toMatchObject({ syslog_priority: '134', syslog_host: 'ward1', syslog_app: 'wardwire' })
  })
})

test('the transform for OT Security takes alerts and nothing else', () => {
  const { REGEX: regex, FORMAT: format } = conf(ADDON, 'transforms')['wardwire_ot_alerts']
  expect(format).toBe(`sourcetype::${OT_SOURCETYPE}`)
  for (const document of documents)
    expect(new RegExp(regex).test(JSON.stringify(document))).toBe((document['event'] as EcsDocument)['dataset'] === 'wardwire.alert')
})

test('every device type that the inventory gives is in the lookup', async () => {
  const { parseCsv } = await import('./conf.ts')
  const { TYPE_OF_MODALITY, TYPE_OF_MODEL } = await import('../../../src/inventory/knowledge/modalities.ts')
  const known = parseCsv(String(ADDON.get('lookups/wardwire_device_types.csv'))).map(row => row['device_type'])
  const seen = documents.flatMap(document => list(jsonFields(document)['wardwire.device.type'])).map(String)
  for (const type of new Set([...TYPE_OF_MODALITY.values(), ...TYPE_OF_MODEL.map(({ type }) => type), ...seen]))
    expect(known).toContain(type)
})
