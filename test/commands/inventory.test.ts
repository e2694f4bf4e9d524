import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { explainAttribute, listInventory, showDevice } from '../../src/commands/inventory.ts'
import { parseCsv } from '../../src/config/csv.ts'
import { openInventoryStore } from '../../src/inventory/store.ts'
import { inventoryCsv } from '../../src/normalize/inventory-csv.ts'
import { inventoryCycloneDx } from '../../src/normalize/inventory-cyclonedx.ts'
import { type InventoryRecord, inventoryRecord } from '../../src/normalize/inventory-record.ts'
import { association, ctFacts, flow, HOUR, identity, inventory, mac, roles, START } from '../inventory/samples.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const NOW = START / 1000 + 3_600_000

let folder = ''
let close = (): void => undefined
/** A sensor that is running: its store is open, and holds a CT and an archive. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wardwire-inventory-'))
  const store = openInventoryStore(folder)
  const { inventory: devices } = inventory({}, store)
  devices.observe(identity(flow(), START, 'client', ctFacts()))
  devices.observe(roles(flow(), START, 'server', 'storage_scp', 'query_scp'))
  devices.observe(association(flow(), START, { requestor: { classUid: undefined, version: 'OFFIS_DCMTK_367', maxPduBytes: 1 } }))
  devices.finish(START)
  devices.observe(identity(flow(), START + HOUR, 'client', { software_version: ['syngo CT 2012B', '(0018,1020)'] }))
  devices.finish(START + HOUR)
  close = () => store.close()
})
afterAll(() => {
  close()
  rmSync(folder, { recursive: true, force: true })
})

const records = (query: Partial<Parameters<typeof listInventory>[1]> = {}): readonly InventoryRecord[] =>
  JSON.parse(listInventory(folder, { ...query, format: 'json' }, NOW)) as readonly InventoryRecord[]

describe('wardwire inventory', () => {
  test('lists what a running sensor has stored', () => {
    const table = listInventory(folder, { format: 'table' }, NOW)
    for (const text of ['10.1.0.10', mac(20), 'SOMATOM Definition AS', 'syngo CT 2012B', 'PACS archive', '2 devices'])
      expect(table).toContain(text)
  })

  test.each([
    [{ type: 'ct' }, ['10.1.0.10']],
    [{ type: 'archive' }, ['10.1.0.20']],
    [{ manufacturer: 'siemens' }, ['10.1.0.10']],
    [{ address: '10.1.0.20' }, ['10.1.0.20']],
    [{ address: '10.1.0.' }, ['10.1.0.10', '10.1.0.20']],
    [{ address: '00:50:56:00:00:0a' }, ['10.1.0.10']],
    [{ address: '00-50-56-' }, ['10.1.0.10', '10.1.0.20']],
    [{ search: 'definition as' }, ['10.1.0.10']],
    [{ search: 'storage_scp' }, ['10.1.0.20']],
    [{ search: '(0008,1090)' }, []],
    [{ conflicts: true }, []],
    [{ since: '30m' }, undefined],
    [{ since: '1h' }, ['10.1.0.10']],
    [{ since: '2024-01-02' }, ['10.1.0.10', '10.1.0.20']],
    [{ since: '2024-01-03' }, []],
  ])('finds by %j', (query, found) => {
    if (found === undefined) expect(() => records(query)).toThrow(expect.objectContaining({ code: 'option_invalid' }))
    else expect(records(query).map(({ ips }) => ips[0])).toEqual(found)
  })

  test('shows one device by any of its names, with evidence and timeline', () => {
    const names = ['10.1.0.10', mac(10), 'MODALITY', 'ct64120', '64120', records()[0].id, records()[0].id.slice(0, 10)]
    const stories = names.map(name => showDevice(folder, name, false))
    expect(new Set(stories).size).toBe(1)
    for (const text of ['(0008,1090)', 'Timeline', 'software_version syngo CT 2011A', 'software_version syngo CT 2012B', 'last seen'])
      expect(stories[0]).toContain(text)
    expect(JSON.parse(showDevice(folder, 'MODALITY', true))).toMatchObject({ serial_number: '64120' })
  })

  test('explains a value by its evidence', () => {
    const text = explainAttribute(folder, 'MODALITY', 'software_version')
    expect(text).toContain('is syngo CT 2012B')
    expect(text).toContain('because dicom (0018,1020) said so')
    expect(text).toContain('syngo CT 2011A')
    expect(explainAttribute(folder, '10.1.0.20', 'type')).toContain('because takes images (storage_scp) and answers queries')
    expect(explainAttribute(folder, 'MODALITY', 'ae_titles')).toContain('calling AE title')
  })

  test.each([
    ['ip', 'ips of dev-[0-9a-f]+: 10.1.0.10'],
    ['mac', `macs of dev-[0-9a-f]+: ${mac(10)}`],
    ['Software Version', 'software version of dev-[0-9a-f]+ is syngo CT 2012B'],
    ['peers', 'peers of dev-[0-9a-f]+: 10.1.0.20'],
    ['toolkit', 'toolkit of dev-[0-9a-f]+: what was said'],
  ])('explains %j by whatever name it is asked for', (attribute, headline) => {
    expect(explainAttribute(folder, 'MODALITY', attribute)).toMatch(new RegExp(`^${headline}\n`))
  })

  test('shows who the peers of a device are', () => {
    expect(showDevice(folder, 'MODALITY', false)).toMatch(/^peers +10\.1\.0\.20 \(ARCHIVE\)$/m)
  })

  test.each([
    [() => showDevice(folder, '10.9.9.9', false), 'device_unknown'],
    [() => explainAttribute(folder, 'MODALITY', 'colour'), 'attribute_unknown'],
    [() => listInventory(join(folder, 'nowhere'), { format: 'table' }), 'inventory_missing'],
    [() => listInventory(import.meta.filename, { format: 'table' }), 'inventory_unreadable'],
  ])('%# says what is wrong', (call, code) => {
    expect(call).toThrow(expect.objectContaining({ code, mend: expect.any(String) }))
  })

  test('reads an inventory.json just as well', () => {
    const file = join(folder, 'inventory.json')
    writeFileSync(file, listInventory(folder, { format: 'json' }, NOW))
    expect(listInventory(file, { format: 'csv' }, NOW)).toBe(listInventory(folder, { format: 'csv' }, NOW))
  })

  test('reads the output folder of a replay, also of an older version', () => {
    const replayed = mkdtempSync(join(tmpdir(), 'wardwire-replayed-'))
    const older = records().map(({ peers: _, services: __, site: ___, ...record }) => record)
    writeFileSync(join(replayed, 'inventory.json'), JSON.stringify(older))
    expect(listInventory(replayed, { format: 'table' }, NOW)).toContain('2 devices')
    expect(listInventory(replayed, { format: 'csv' }, NOW)).toContain('SOMATOM Definition AS')
    expect(showDevice(replayed, 'MODALITY', false)).toContain('Timeline')
    rmSync(replayed, { recursive: true })
  })

  test('tells how many devices have conflicts, and finds them', () => {
    const file = join(folder, 'disputed.json')
    const [first, ...others] = records()
    writeFileSync(file, JSON.stringify([{ ...first, conflicts: ['10.1.0.99 states it too, and is another device'] }, ...others]))
    expect(listInventory(file, { format: 'table' }, NOW)).toContain('1 with conflicts')
    expect(JSON.parse(listInventory(file, { format: 'json', conflicts: true }, NOW))).toHaveLength(1)
  })

  test('works from the command line', () => {
    const wardwire = (...args: string[]) =>
      spawnSync(process.execPath, [join(ROOT, 'src', 'main.ts'), 'inventory', ...args], { encoding: 'utf8' })
    expect(wardwire('--from', folder, '--type', 'CT', '--csv').stdout).toMatch(/^id,type,.*\r\ndev-[0-9a-f]{16},CT,Siemens Healthineers,/)
    expect(wardwire('show', 'MODALITY', '--from', folder).stdout).toContain('Timeline')
    expect(wardwire('explain', 'MODALITY', 'model', '--from', folder).stdout).toContain('(0008,1090)')
    expect(wardwire('show', 'NOBODY', '--from', folder)).toMatchObject({ status: 2, stderr: expect.stringContaining('NOBODY') })
    expect(wardwire('--from', folder, '--csv', '--json').status).toBe(2)
  })
})

describe('exports', () => {
  test('CSV has one record a device, and no formula', () => {
    const [record] = records()
    const csv = inventoryCsv([{ ...record, hostname: '=HYPERLINK("x")', ae_titles: ['A', 'B'] }])
    const [header, row] = parseCsv(csv) as readonly { cells: readonly string[] }[]
    const cell = (name: string) => row.cells[header.cells.indexOf(name)]
    expect(cell('hostname')).toBe(`'=HYPERLINK("x")`)
    expect(cell('ae_titles')).toBe('A; B')
    expect(cell('model')).toBe('SOMATOM Definition AS')
  })

  test('CycloneDX names the device, its firmware and its toolkit, the same each time', () => {
    const bom = inventoryCycloneDx(records(), '1.0.0')
    expect(bom).toEqual(inventoryCycloneDx(records(), '1.0.0'))
    expect(bom).toMatchObject({
      components: [
        {
          type: 'device',
          manufacturer: { name: 'Siemens Healthineers' },
          name: 'SOMATOM Definition AS',
          version: 'syngo CT 2012B',
          components: [
            { type: 'firmware', version: 'syngo CT 2012B' },
            { type: 'library', name: 'DCMTK', version: '3.6.7' },
          ],
        },
        { type: 'application', name: 'PACS archive' },
      ],
    })
  })

  const schemas = schemaFolder()
  test.skipIf(schemas === undefined)('CycloneDX fits the published schema (npm @cyclonedx/cyclonedx-library)', () => {
    const bare: InventoryRecord = { ...inventoryRecord(inventory().inventory.devices()[0] ?? emptyDevice()), id: 'dev-0' }
    for (const document of [inventoryCycloneDx(records(), '1.0.0'), inventoryCycloneDx([bare], '1'), inventoryCycloneDx([], '1')])
      expect(problemsOf(document, schemas ?? '')).toEqual([])
    expect(problemsOf({ bomFormat: 'CycloneDX' }, schemas ?? '')).not.toEqual([])
  })
  test.runIf(process.env['CI'] === 'true')('the schema is there', () => expect(schemas).toBeDefined())
})

function emptyDevice(): Parameters<typeof inventoryRecord>[0] {
  const { inventory: devices } = inventory()
  devices.observe(association(flow({ clientMac: undefined, serverMac: undefined }), START))
  return devices.devices()[0]
}

/** Where npm put the schemas; WARDWIRE_CYCLONEDX names another node_modules folder. */
function schemaFolder(): string | undefined {
  const require = createRequire(join(process.env['WARDWIRE_CYCLONEDX'] ?? ROOT, 'package.json'))
  try {
    const folder = join(dirname(require.resolve('@cyclonedx/cyclonedx-library/package.json')), 'res', 'schema')
    return existsSync(folder) ? folder : undefined
  } catch {
    return undefined
  }
}

/** As much of Ajv as is used; it comes with the schemas. */
interface Validator {
  addSchema(schema: object, key: string): void
  compile(schema: object): ((document: object) => boolean) & { readonly errors?: readonly unknown[] }
}

function problemsOf(document: object, schemas: string): readonly unknown[] {
  const require = createRequire(join(schemas, 'package.json'))
  const read = (name: string): object => JSON.parse(readFileSync(join(schemas, name), 'utf8')) as object
  const { default: Ajv } = require('ajv') as { readonly default: new (options: object) => Validator }
  const ajv = new Ajv({ strict: false, validateFormats: false })
  for (const name of ['spdx', 'jsf-0.82', 'cryptography-defs']) {
    const { $id: _, ...schema } = read(`${name}.SNAPSHOT.schema.json`) as { readonly $id?: string }
    ajv.addSchema(schema, `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`)
  }
  const validate = ajv.compile(read('bom-1.6.SNAPSHOT.schema.json'))
  return validate(document) ? [] : (validate.errors ?? [])
}
