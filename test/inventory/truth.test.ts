import { describe, expect, test } from 'vitest'
import { score, scores } from './truth.ts'

describe('ground truth', async () => {
  const [recorded, simulated, replayed] = await scores()

  test('is of enough devices and kinds', () => {
    expect(simulated.devices).toBeGreaterThanOrEqual(40)
    expect(simulated.kinds).toBeGreaterThanOrEqual(15)
    expect(recorded.devices).toBeGreaterThanOrEqual(20)
  })

  test.each([recorded, simulated])('$name: what the inventory states is true, and it finds what the wire says', result => {
    expect(result.precision, result.mistakes.join('\n')).toBeGreaterThanOrEqual(0.98)
    expect(result.coverage, result.mistakes.join('\n')).toBeGreaterThanOrEqual(0.9)
  })

  test.skipIf(replayed === undefined)('public captures (skipped where they are not at hand): their names and systems are found', () => {
    expect(replayed.devices).toBeGreaterThanOrEqual(40)
    expect(replayed.precision, replayed.mistakes.join('\n')).toBeGreaterThanOrEqual(0.98)
    expect(replayed.coverage, replayed.mistakes.join('\n')).toBeGreaterThanOrEqual(0.9)
  })

  test('the simulated devices speak all the small protocols', () => {
    for (const attribute of ['os', 'os_version', 'hostname', 'location'])
      expect(simulated.attributes.get(attribute)?.known).toBeGreaterThan(0)
  })

  test('the score counts what is wrong, what is missing, and devices that are none', () => {
    const result = score('x', [{ at: '10.0.0.1', is: { type: 'CT', macs: ['A', 'B'] } }], [])
    expect(result).toMatchObject({ coverage: 0, mistakes: expect.arrayContaining(['10.0.0.1: type CT was not found']) })
  })
})
