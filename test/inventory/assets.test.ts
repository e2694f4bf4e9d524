import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { compareAssets } from '../../src/commands/inventory.ts'
import { loadAssetList } from '../../src/inventory/assets.ts'
import type { AssetSettings } from '../../src/inventory/settings.ts'
import { openInventoryStore } from '../../src/inventory/store.ts'
import { inventoryRecord } from '../../src/normalize/inventory-record.ts'
import { association, ctFacts, flow, HOUR, identity, inventory, mac, SECOND, START } from './samples.ts'

const HEADER = 'Asset,MAC address,Serial no.,IP,AE,Responsible,Room,Dept,Criticality'
const COLUMNS = {
  mac: 'MAC address',
  serial_number: 'serial no.',
  ip: 'IP',
  ae_title: 'AE',
  owner: 'Responsible',
  location: 'Room',
  department: 'Dept',
  criticality: 'Criticality',
}

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wardwire-assets-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function list(...rows: readonly string[]): AssetSettings {
  const file = join(folder, 'assets.csv')
  writeFileSync(file, [HEADER, ...rows].join('\n'))
  return { file, separator: ',', columns: COLUMNS }
}

describe('an asset list', () => {
  test('adds owner, location, department and criticality, with the row and what it was matched by', () => {
    const { inventory: devices, events } = inventory({
      assets: list('1,00:50:56:00:00:0a,,,,Ms Smith,"CT 2, ground floor",Radiology,high'),
    })
    devices.observe(association(flow(), START))
    devices.finish(START)
    expect(events[0]?.device).toMatchObject({
      owner: 'Ms Smith',
      location: 'CT 2, ground floor',
      department: 'Radiology',
      criticality: 'high',
    })
    expect(events[0]?.device.evidence).toContainEqual(
      expect.objectContaining({ attribute: 'owner', protocol: 'assets', field: 'assets.csv:2 (by MAC)' }),
    )
    expect(events[0]?.device.sources).not.toContain('assets')
    expect(events[1]?.device.owner).toBeUndefined()
  })

  test.each([
    ['MAC', [`0,${mac(10)},,,,by mac,,,`, '0,,64120,,,by serial,,,', '0,,,10.1.0.10,,by ip,,,', '0,,,,CT64120,by ae,,,']],
    ['serial number', [`0,${mac(99)},,,,by mac,,,`, '0,, 64120 ,,,by serial,,,', '0,,,10.1.0.10,,by ip,,,', '0,,,,CT64120,by ae,,,']],
    ['IP address', ['0,,,10.9.9.9 10.1.0.10,,by ip,,,', '0,,,,CT64120,by ae,,,']],
    ['AE title', ['0,,,,OTHER;CT64120,by ae,,,']],
  ])('is matched by %s before anything less trusted', (by, rows) => {
    const { inventory: devices } = inventory({ assets: list(...rows) })
    const on = flow()
    devices.observe(identity(on, START, 'client', ctFacts()))
    devices.observe(association(on, START, { association: { id: 'x', requestedBy: 0, callingAeTitle: 'CT64120', calledAeTitle: 'A' } }))
    devices.finish(START)
    expect(devices.deviceAt('10.1.0.10')?.evidence.find(({ attribute }) => attribute === 'owner')?.field).toContain(`(by ${by})`)
  })

  test('says nothing by what several rows share', () => {
    const { inventory: devices } = inventory({ assets: list('1,,,10.1.0.10,,one,,,', '2,,,10.1.0.10,,two,,,') })
    devices.observe(association(flow(), START))
    devices.finish(START)
    expect(devices.deviceAt('10.1.0.10')?.owner).toBeUndefined()
  })

  test('outweighs what the device itself says, and a changed one is a change of the devices in the store', () => {
    const store = openInventoryStore(folder)
    const first = inventory({ assets: list(`1,${mac(10)},,,,Ms Smith,Room 1,,`) }, store)
    for (let n = 0; n < 5; n++)
      first.inventory.observe(
        identity(flow(), START + n * SECOND, 'client', { department: ['CT', '(0008,1040)'], location: ['x', 'sysLocation'] }),
      )
    first.inventory.finish(START + HOUR)
    expect(first.inventory.deviceAt('10.1.0.10')).toMatchObject({ location: 'Room 1', department: 'CT' })
    const second = inventory({ assets: list(`1,${mac(10)},,,,Mr Jones,Room 1,,`) }, store)
    second.inventory.tick(START + 2 * HOUR)
    second.inventory.finish(START + 2 * HOUR + SECOND)
    expect(second.events).toMatchObject([
      { kind: 'device-changed', attribute: 'owner', before: 'Ms Smith', after: 'Mr Jones', time: START + 2 * HOUR },
    ])
    expect(compareAssets(folder, list(`1,${mac(10)},,,,Mr Jones,,,`, '2,,75,,,,,,'))).toMatch(
      /^1 of 2 rows fit a device\nnot seen: assets.csv:3 75$/,
    )
    store.close()
  })

  test('is compared with what a replay found too, by every key', () => {
    const { inventory: devices } = inventory()
    for (let n = 0; n < 5; n++) devices.observe(identity(flow(), START + n * SECOND, 'client', ctFacts()))
    devices.observe(association(flow(), START + 5 * SECOND))
    devices.finish(START + HOUR)
    const records = devices.devices().map(inventoryRecord)
    writeFileSync(join(folder, 'inventory.json'), JSON.stringify(records))
    const device = records.find(({ ips }) => ips.includes('10.1.0.10'))
    for (const row of [
      `1,${mac(10)},,,,,,,`,
      `1,,${device?.serial_number},,,,,,`,
      '1,,,10.1.0.10,,,,,',
      `1,,,,${device?.ae_titles[0]},,,,`,
    ])
      expect(compareAssets(folder, list(row))).toMatch(/^1 of 1 rows fit a device/)
    expect(compareAssets(folder, list('1,,none,,,,,,'))).toContain(`not listed: ${device?.id} 10.1.0.10`)
  })

  test.each([
    [HEADER.replace('Room', 'Place'), 'assets.csv:1: there is no column "Room" (inventory.assets.columns.location)'],
    [`${HEADER}\n1,"2\n`, 'assets.csv:2: a quote is not closed'],
    [`${HEADER}\n1,00-50-56,,,,,,,`, 'assets.csv:2: "00-50-56" is no MAC address'],
    [`${HEADER}\n1,,,,,,,,,,`, 'assets.csv:2: more cells than the header has names'],
    [undefined, 'cannot be read (ENOENT)'],
  ])('%j is refused with its line', (text, message) => {
    const settings = list()
    if (text === undefined) rmSync(settings.file)
    else writeFileSync(settings.file, text)
    expect(() => loadAssetList(settings)).toThrow(
      expect.objectContaining({ code: 'assets_invalid', message: expect.stringContaining(message) }),
    )
  })
})

describe('a list that changes while the sensor runs', () => {
  const MINUTE = 60 * SECOND
  const watching = (assets: AssetSettings) => {
    const lines: string[] = []
    const line =
      (level: string) =>
      (message: string, fields: object = {}): void =>
        void lines.push(`${level}: ${message} ${JSON.stringify(fields)}`)
    const log = { error: line('error'), warn: line('warn'), info: line('info'), debug: line('debug') }
    const { inventory: devices, events } = inventory({ assets }, undefined, log)
    devices.observe(association(flow(), START))
    devices.tick(START + 2 * SECOND)
    let minute = 0
    const pass = (minutes: number): void => {
      for (const end = minute + minutes; minute < end; ) devices.tick(START + ++minute * MINUTE + 5 * SECOND)
    }
    return { devices, events, lines, pass }
  }

  test('is read again, and what it says then is a change', () => {
    const assets = list('1,,,10.1.0.10,,Ms Smith,CT 2,Radiology,high')
    const { devices, events, lines, pass } = watching(assets)
    pass(3)
    events.length = 0
    list('1,,,10.1.0.10,,Mr Jones,CT 2,Radiology,')
    pass(4)
    expect(devices.deviceAt('10.1.0.10')).toMatchObject({ owner: 'Mr Jones', location: 'CT 2', criticality: undefined })
    expect(events).toMatchObject([{ kind: 'device-changed', attribute: 'owner', before: 'Ms Smith', after: 'Mr Jones' }])
    expect(lines).toEqual(['info: The asset list was read again {"rows":1}'])
  })

  test('that cannot be used is logged once, and the one before stays until it is mended', () => {
    const assets = list('1,,,10.1.0.10,,Ms Smith,CT 2,Radiology,high')
    const { devices, lines, pass } = watching(assets)
    list('1,no-mac,,10.1.0.10,,Mr Jones,CT 2,Radiology,high')
    pass(5)
    expect(devices.deviceAt('10.1.0.10')?.owner).toBe('Ms Smith')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(
      /^error: The asset list of before stays in force: .*assets\.csv:2: .*no MAC address.* — mend the file.*assets_invalid/s,
    )
    list('1,,,10.1.0.10,,Mr Jones,CT 2,Radiology,high')
    pass(3)
    expect(devices.deviceAt('10.1.0.10')?.owner).toBe('Mr Jones')
  })

  test('may be away for a moment while it is replaced', () => {
    const assets = list('1,,,10.1.0.10,,Ms Smith,CT 2,Radiology,high')
    const { devices, lines, pass } = watching(assets)
    renameSync(assets.file, `${assets.file}.old`)
    pass(1)
    renameSync(`${assets.file}.old`, assets.file)
    pass(3)
    expect(devices.deviceAt('10.1.0.10')?.owner).toBe('Ms Smith')
    expect(lines).toEqual([])
    rmSync(assets.file)
    pass(4)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('cannot be read (ENOENT)')
    expect(devices.deviceAt('10.1.0.10')?.owner).toBe('Ms Smith')
  })
})
