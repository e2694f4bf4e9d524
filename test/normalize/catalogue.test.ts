import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { catalogue, checkDocument, type Field, leaves } from '../../src/normalize/catalogue.ts'
import { DATASETS } from '../../src/normalize/event.ts'
import { readMapping } from '../../src/normalize/mappings.ts'
import { sampleEvents, sampleNormalizer } from './samples.ts'

const { EcsFlat } = createRequire(import.meta.url)('@elastic/ecs') as {
  EcsFlat: Readonly<Record<string, { readonly type: string; readonly normalize: readonly string[] }>>
}

interface CefRows {
  readonly common: readonly { readonly field: string; readonly key: string }[]
  readonly datasets: Readonly<Record<string, readonly { readonly field: string; readonly key: string; readonly label?: string }[]>>
  readonly keys: Readonly<Record<string, { readonly type: string; readonly bytes?: number }>>
}

const fields = catalogue()

describe('fields.yml', () => {
  test.each([...fields.values()].filter(field => field.source === 'ecs').map(field => [field.name, field] as const))(
    '%s has the type and array-ness of ECS',
    (name, field) => {
      expect(EcsFlat[name]).toBeDefined()
      expect(field.type).toBe(EcsFlat[name].type)
      expect(field.array).toBe(EcsFlat[name].normalize.includes('array'))
    },
  )

  test('our own rows stand in our namespaces, and are no fields of ECS', () => {
    const own = [...fields.values()].filter(field => field.source === 'wardwire')
    expect(own.length).toBeGreaterThan(100)
    for (const { name } of own) {
      expect(name).toMatch(/^(dicom|hl7|wardwire)(\.[a-z0-9]+(_[a-z0-9]+)*)+$/)
      expect(EcsFlat[name]).toBeUndefined()
    }
  })

  test('every row is complete and names known datasets', () => {
    for (const field of fields.values()) {
      expect(field.description, field.name).toMatch(/\S\.$|…$/)
      expect(['none', 'patient']).toContain(field.phi)
      expect(field.datasets.length).toBeGreaterThan(0)
      for (const dataset of field.datasets) expect(DATASETS).toContain(dataset)
    }
  })

  test('no field is a part of another', () => {
    for (const name of fields.keys()) {
      const parents = name.split('.').map((_, index, parts) => parts.slice(0, index).join('.'))
      expect(parents.filter(parent => fields.has(parent))).toEqual([])
    }
  })

  test('names that the event contract fixes are there', () => {
    const fixed = [
      'dicom.association.reject.reason',
      'dicom.operations.n_event_report',
      'dicom.query.matching_keys',
      'dicom.sub_operations.remaining',
      'hl7.ack.error_code',
      'hl7.framing.deviations',
      'hl7.observations.messages',
      'wardwire.source.device.criticality',
      'wardwire.device.udi',
      'wardwire.change.reason',
      'wardwire.alert.capture_filter',
      'wardwire.attack.ics.id',
      'wardwire.health.encrypted_share',
      'wardwire.output.last_error',
      'vulnerability.score.base',
    ]
    expect(fixed.filter(name => !fields.has(name))).toEqual([])
  })

  test('cef names the keys that cef.yml feeds from the field', () => {
    const table = readMapping<CefRows>('cef.yml')
    const rows = [...table.common, ...Object.values(table.datasets).flat()]
    for (const field of fields.values())
      expect(new Set(field.cef), field.name).toEqual(new Set(rows.filter(row => row.field === field.name).map(row => row.key)))
    for (const { field, key } of rows) {
      expect(fields.has(field), field).toBe(true)
      expect(Object.keys(table.keys)).toContain(key)
    }
  })

  test('rows of a dataset in cef.yml are fields of that dataset', () => {
    for (const [dataset, rows] of Object.entries(readMapping<CefRows>('cef.yml').datasets))
      for (const { field } of rows) expect(fields.get(field)?.datasets, `${dataset} ${field}`).toContain(dataset)
  })
})

describe('cim.yml', () => {
  interface Cim {
    readonly models: readonly { readonly dataset: string; readonly model: string; readonly tags: readonly string[] }[]
    readonly aliases: readonly { readonly model: string; readonly field: string }[]
    readonly values: readonly { readonly model: string; readonly field: string }[]
    readonly constants: readonly { readonly model: string }[]
  }
  const cim = readMapping<Cim>('cim.yml')

  test('every dataset has its model', () => {
    expect([...new Set(cim.models.map(({ dataset }) => dataset))].sort()).toEqual([...DATASETS].sort())
    for (const { model, tags } of cim.models) expect(tags.length > 0, model).toBe(model !== 'none')
  })

  test('rows name models that are there and fields of the catalogue', () => {
    const models = cim.models.map(({ model }) => model)
    for (const { model, field } of [...cim.aliases, ...cim.values]) {
      expect(models).toContain(model)
      expect(fields.has(field), field).toBe(true)
    }
    for (const { model } of cim.constants) expect(models).toContain(model)
  })

  test('within a dataset no two fields feed one field of the CIM', () => {
    for (const dataset of DATASETS) {
      const fed = [...fields.values()].filter(field => field.datasets.includes(dataset)).flatMap(field => field.cim ?? [])
      expect(fed.filter((name, index) => fed.indexOf(name) !== index)).toEqual([])
    }
  })
})

describe('documents and the catalogue', () => {
  test('every leaf that is emitted is in it, for that dataset', () => {
    const events = sampleEvents(sampleNormalizer({ strict: false }))
    expect(events.length).toBeGreaterThan(30)
    for (const { document } of events) expect(checkDocument(document)).toEqual([])
  })

  test('problems are found and named', () => {
    const document = {
      event: { dataset: 'wardwire.hl7', kind: ['event'], category: 'network', sequence: 'x', duration: 1.5, start: 'yesterday', type: [] },
      source: { ip: '10.0.0.300', mac: '' },
      dicom: { operation: 'C-FIND' },
      hl7: { patient: 'x' },
    }
    expect(checkDocument(document)).toEqual([
      { field: 'event.kind', problem: 'single value expected' },
      { field: 'event.category', problem: 'array expected' },
      { field: 'event.sequence', problem: 'wrong type' },
      { field: 'event.duration', problem: 'wrong type' },
      { field: 'event.start', problem: 'wrong type' },
      { field: 'event.type', problem: 'empty' },
      { field: 'source.ip', problem: 'wrong type' },
      { field: 'source.mac', problem: 'empty' },
      { field: 'dicom.operation', problem: 'not a field of this dataset' },
      { field: 'hl7.patient', problem: 'not in the catalogue' },
    ])
  })

  test('patient data is a problem when patients are omitted', () => {
    const field: Field = { ...fields.get('message')!, name: 'dicom.patient_id', phi: 'patient' }
    const own = new Map([[field.name, field]])
    expect(checkDocument({ dicom: { patient_id: 'MARKER-1' } }, 'omit', own)).toEqual([
      { field: 'dicom.patient_id', problem: 'patient data' },
    ])
    expect(checkDocument({ dicom: { patient_id: 'MARKER-1' } }, 'clear', own)).toEqual([])
  })

  test('leaves are dotted names', () => {
    expect([...leaves({ a: { b: 1, c: undefined }, d: ['x'], e: {} })]).toEqual([
      ['a.b', 1],
      ['d', ['x']],
      ['e', {}],
    ])
  })
})
