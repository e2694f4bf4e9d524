import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DATASETS, type EncodedEvent } from '../../src/normalize/event.ts'
import { decodeBatch, encodeBatches } from '../../src/queue/batch.ts'
import { events } from './samples.ts'

const anyEvent: fc.Arbitrary<EncodedEvent> = fc.record({
  id: fc.stringMatching(/^[0-9a-f]{32}$/),
  dataset: fc.constantFrom(...DATASETS),
  time: fc.double({ min: 0, max: 4e15, noNaN: true }),
  json: fc.json({ stringUnit: 'binary' }),
})

describe('batches', () => {
  test('any events come back in order, alerts apart from others', () => {
    fc.assert(
      fc.property(fc.array(anyEvent), sent => {
        const batches = encodeBatches(sent)
        expect(batches.flatMap(batch => decodeBatch(batch.body))).toEqual(sent)
        for (const { body, alert, events: count } of batches) {
          const decoded = decodeBatch(body)
          expect(decoded).toHaveLength(count)
          expect(decoded.every(event => (event.dataset === 'wardwire.alert') === alert)).toBe(true)
        }
      }),
      { interruptAfterTimeLimit: 5000, numRuns: 300 },
    )
  })

  test('are bounded in events and bytes', () => {
    expect(encodeBatches(events(1200)).map(batch => batch.events)).toEqual([512, 512, 176])
    const large = encodeBatches(events(10, { bytes: 700_000 }))
    expect(large.map(batch => batch.events)).toEqual([2, 2, 2, 2, 2])
  })

  test('a body of another form is refused', () => {
    for (const text of ['\n', 'a b c\n', 'a b 1 {}', 'one two']) expect(() => decodeBatch(Buffer.from(text))).toThrow(/form/)
  })
})
