import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openInventoryStore } from '../../src/inventory/store.ts'
import { association, ctFacts, flow, HOUR, identity, inventory, SECOND, START } from './samples.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wardwire-inventory-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function fill() {
  const store = openInventoryStore(directory)
  const { inventory: devices, events } = inventory({}, store)
  const on = flow()
  devices.observe(identity(on, START, 'client', ctFacts()))
  devices.observe(association(on, START))
  devices.finish(START + 2 * SECOND)
  return { store, devices, events }
}

describe('inventory store', () => {
  test('devices come back as they were, without being discovered again', () => {
    const { store, devices } = fill()
    const before = devices.devices()
    store.close()
    const again = openInventoryStore(directory)
    const restored = inventory({}, again)
    expect(restored.inventory.devices()).toEqual(before)
    const on = flow()
    restored.inventory.observe(identity(on, START + HOUR, 'client', ctFacts()))
    restored.inventory.observe(association(on, START + HOUR))
    restored.inventory.finish(START + 2 * HOUR)
    expect(restored.events).toEqual([])
    restored.inventory.observe(identity(on, START + 3 * HOUR, 'client', { software_version: ['syngo CT 2012B', '(0018,1020)'] }))
    restored.inventory.finish(START + 4 * HOUR)
    expect(restored.events).toMatchObject([{ kind: 'device-changed', before: 'syngo CT 2011A', after: 'syngo CT 2012B' }])
    again.close()
  })

  test('changed devices are saved on ticks', () => {
    const store = openInventoryStore(directory)
    const { inventory: devices } = inventory({}, store)
    devices.observe(association(flow(), START))
    devices.tick(START + SECOND)
    expect(store.load()).toHaveLength(2)
    devices.observe(association(flow({ clientAddress: '10.1.0.11', clientMac: undefined }), START + 2 * SECOND))
    devices.tick(START + 3 * SECOND)
    expect(store.load()).toHaveLength(2)
    devices.tick(START + 12 * SECOND)
    expect(store.load()).toHaveLength(3)
    store.close()
  })

  test('a device that gets another id leaves nothing behind', () => {
    const store = openInventoryStore(directory)
    const { inventory: devices } = inventory({}, store)
    devices.observe(association(flow(), START))
    devices.tick(START + SECOND)
    const [before] = store.load()
    devices.observe(identity(flow(), START + HOUR, 'client', ctFacts()))
    devices.finish(START + HOUR)
    const ids = store.load().map(device => device.id)
    expect(ids).toHaveLength(2)
    expect(ids).not.toContain(before?.id)
    expect(ids).toContain(devices.deviceAt('10.1.0.10')?.id)
    store.close()
  })

  test('survives a kill', () => {
    const program = `
      import { openInventoryStore } from '${resolve('src/inventory/store.ts')}'
      const store = openInventoryStore(process.argv[1])
      const device = n => ({ id: 'dev-' + n, identity: { kind: 'ip', value: '10.0.0.' + n }, disputed: [], firstSeen: n, lastSeen: n, macs: [], addresses: ['10.0.0.' + n], resolved: {}, announced: {}, evidence: [] })
      for (let n = 0; n < 20; n++) store.save([device(n)])
      process.kill(process.pid, 'SIGKILL')`
    const { signal } = spawnSync(process.execPath, ['--input-type=module', '-e', program, directory])
    expect(signal).toBe('SIGKILL')
    const store = openInventoryStore(directory)
    expect(store.load().map(device => device.id)).toHaveLength(20)
    expect(store.quarantined).toBeUndefined()
    store.close()
  })

  test.each([
    ['no database at all', (path: string) => writeFileSync(path, 'not a database, but long enough to look like one '.repeat(50))],
    ['a torn file', (path: string) => truncateSync(path, 6000)],
    [
      'another layout',
      (path: string) => {
        const database = new DatabaseSync(path)
        database.exec('PRAGMA user_version = 99')
        database.close()
      },
    ],
  ])('%s is moved aside with a reason', (_name, spoil) => {
    fill().store.close()
    spoil(join(directory, 'inventory.sqlite'))
    const store = openInventoryStore(directory)
    expect(store.quarantined?.reason).not.toBe('')
    expect(readdirSync(directory)).toContain('inventory.sqlite.corrupt-1')
    expect(store.quarantined?.path).toBe(join(directory, 'inventory.sqlite.corrupt-1'))
    expect(store.load()).toEqual([])
    const { inventory: devices } = inventory({}, store)
    devices.observe(association(flow(), START))
    devices.finish(START)
    expect(store.load()).toHaveLength(2)
    store.close()
  })

  test('an unreadable row is left out', () => {
    const { store } = fill()
    store.close()
    const database = new DatabaseSync(join(directory, 'inventory.sqlite'))
    database.exec(`INSERT INTO device VALUES ('dev-x', 0, '{broken')`)
    database.close()
    const again = openInventoryStore(directory)
    expect(again.load()).toHaveLength(2)
    again.close()
  })

  test('a failing save is reported, not thrown, and tried again', () => {
    const { store, devices } = fill()
    const database = new DatabaseSync(join(directory, 'inventory.sqlite'))
    database.exec(`CREATE TRIGGER full BEFORE INSERT ON device BEGIN SELECT RAISE(ABORT, 'no room'); END`)
    devices.observe(association(flow({ clientAddress: '10.1.0.11', clientMac: undefined }), START + HOUR))
    devices.finish(START + HOUR)
    expect(store.problem).toContain('no room')
    database.exec('DROP TRIGGER full')
    database.close()
    devices.finish(START + 2 * HOUR)
    expect(store.problem).toBeUndefined()
    expect(store.load()).toHaveLength(3)
    store.close()
  })

  test('a folder that cannot be made is an error with a mend', () => {
    writeFileSync(join(directory, 'file'), '')
    expect(() => openInventoryStore(join(directory, 'file', 'sub'))).toThrow(
      expect.objectContaining({ code: 'INVENTORY_STORE', mend: expect.any(String) }),
    )
  })
})
