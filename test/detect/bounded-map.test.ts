import { expect, test } from 'vitest'
import { BoundedMap } from '../../src/detect/bounded-map.ts'

test('the entry set first gives way', () => {
  const map = new BoundedMap<string, number>(2)
  map.set('a', 1)
  map.set('b', 2)
  map.set('a', 3)
  map.set('c', 4)
  expect([...map.entries()]).toEqual([
    ['a', 3],
    ['c', 4],
  ])
  expect([map.size, map.has('b'), map.getOrCreate('a', () => 9), map.getOrCreate('d', () => 9)]).toEqual([2, false, 3, 9])
})

test('expire drops from the oldest on and stops at the first that is live', () => {
  const map = new BoundedMap<string, number>(10)
  for (const [key, time] of Object.entries({ a: 1, b: 2, c: 9, d: 3 })) map.set(key, time)
  map.expire(time => time < 5)
  expect([...map.keys()]).toEqual(['c', 'd'])
})
