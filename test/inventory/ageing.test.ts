import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openInventoryStore } from '../../src/inventory/store.ts'
import { association, flow, HOUR, inventory, mac, SECOND, START } from './samples.ts'

const DAY = 24 * HOUR

/** Hours pass on a network where others talk. */
function watch(devices: ReturnType<typeof inventory>['inventory'], from: number, to: number): void {
  for (let time = from; time <= to; time += HOUR) devices.tick(time)
}

describe('silence', () => {
  test('is told once, and so is the return', () => {
    const { inventory: devices, events } = inventory({ silent_days: 2, snapshot_at: '23:00' })
    devices.observe(association(flow(), START))
    watch(devices, START, START + 5 * DAY)
    expect(events.filter(({ kind }) => kind === 'device-silent')).toMatchObject([
      { attribute: 'presence', before: 'seen', after: 'silent', reason: 'nothing was seen of it since 2024-01-02T03:04:05.000Z' },
      { attribute: 'presence' },
    ])
    events.length = 0
    devices.observe(association(flow(), START + 5 * DAY + HOUR))
    devices.finish(START + 5 * DAY + 2 * HOUR)
    expect(events.map(({ kind }) => kind)).toEqual(['device-returned', 'device-returned'])
    expect(events[0]).toMatchObject({ before: 'silent', after: 'seen', reason: 'nothing had been seen of it for 5 days' })
  })

  test('is no news when the sensor did not watch', () => {
    const { inventory: devices, events } = inventory({ silent_days: 2 })
    devices.observe(association(flow(), START))
    devices.tick(START + 2 * SECOND)
    events.length = 0
    watch(devices, START + 30 * DAY, START + 31 * DAY)
    expect(events.filter(({ kind }) => kind !== 'device-snapshot')).toEqual([])
  })

  test('of a device that comes back at another address is over too', () => {
    const { inventory: devices, events } = inventory({ silent_days: 2 })
    devices.observe(association(flow(), START))
    watch(devices, START, START + 3 * DAY)
    devices.observe(association(flow({ clientAddress: '10.1.0.44' }), START + 3 * DAY + HOUR))
    devices.finish(START + 4 * DAY)
    expect(events.filter(({ kind }) => kind === 'device-returned').map(({ device }) => device.macs)).toContainEqual([mac(10)])
  })
})

describe('snapshots', () => {
  test('one a day and device, at the appointed time', () => {
    const { inventory: devices, events } = inventory({ snapshot_at: '06:30', silent_days: 30 })
    devices.observe(association(flow(), START))
    watch(devices, START, START + 3 * DAY)
    devices.finish(START + 3 * DAY)
    const snapshots = events.filter(({ kind }) => kind === 'device-snapshot')
    expect([...new Set(snapshots.map(({ time }) => new Date(time / 1000).toISOString()))]).toEqual([
      '2024-01-02T06:30:00.000Z',
      '2024-01-03T06:30:00.000Z',
      '2024-01-04T06:30:00.000Z',
    ])
    expect(snapshots).toHaveLength(6)
  })

  test('are made up for at the next start when the sensor was down at the time, once', () => {
    const directory = mkdtempSync(join(tmpdir(), 'wardwire-ageing-'))
    const store = openInventoryStore(directory)
    const run = (from: number, hours: number, seen = false) => {
      const { inventory: devices, events } = inventory({ snapshot_at: '06:30' }, store)
      if (seen) devices.observe(association(flow(), from))
      for (let hour = 0; hour <= hours; hour++) devices.tick(from + hour * HOUR)
      devices.finish(from + hours * HOUR)
      return events.flatMap(({ kind, time }) => (kind === 'device-snapshot' ? [new Date(time / 1000).toISOString().slice(0, 16)] : []))
    }
    // Started at 03:04 for the first time: nothing is due. Down from 05:04 to 10:04.
    expect(run(START, 2, true)).toEqual([])
    expect(run(START + 7 * HOUR, 2)).toEqual(['2024-01-02T10:04', '2024-01-02T10:04'])
    expect(run(START + 10 * HOUR, 2)).toEqual([])
    expect(run(START + 15 * HOUR, 14)).toEqual(['2024-01-03T06:30', '2024-01-03T06:30'])
    expect(run(START + 30 * HOUR, 1)).toEqual([])
    expect(run(START + 30 * DAY, 1)).toEqual(['2024-02-01T03:04', '2024-02-01T03:04'])
    store.close()
    rmSync(directory, { recursive: true })
  })
})

test('a device unseen for longer than the retention is forgotten', () => {
  const { inventory: devices } = inventory({ silent_days: 1, retention_days: 3 })
  devices.observe(association(flow(), START))
  watch(devices, START, START + 2 * DAY)
  expect(devices.count).toBe(2)
  watch(devices, START + 2 * DAY, START + 4 * DAY)
  expect(devices.count).toBe(0)
})
