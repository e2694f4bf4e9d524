import { afterEach, expect, test, vi } from 'vitest'
import { WallClock } from '../../src/capture/wall-clock.ts'

afterEach(() => vi.restoreAllMocks())

test('is the wall clock in finer steps', () => {
  const clock = new WallClock()
  const times = Array.from({ length: 1000 }, () => clock.now())
  for (const time of times) expect(Math.abs(time / 1000 - Date.now())).toBeLessThan(60_000)
  expect(new Set(times.map(time => Math.floor(time % 1000))).size).toBeGreaterThan(1)
})

test('does not go backwards when it is only corrected', () => {
  const clock = new WallClock()
  const wall = vi.spyOn(Date, 'now')
  const times = [0, 10, 3, 20, 5, 30].map(step => {
    wall.mockReturnValue(1_700_000_000_000 + step)
    return clock.now()
  })
  expect(times).toEqual([...times].sort((a, b) => a - b))
})

test('follows the wall clock when that is set', () => {
  const clock = new WallClock()
  const real = Date.now()
  const wall = vi.spyOn(Date, 'now')
  for (const hours of [1, -5]) {
    wall.mockReturnValue(real + hours * 3_600_000)
    expect(clock.now()).toBe((real + hours * 3_600_000) * 1000)
  }
})
