import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SCENES } from './scenes.ts'

test.each(Object.entries(SCENES))('the capture of %s is what the scene makes', (name, make) => {
  expect(readFileSync(join(import.meta.dirname, '..', 'golden', name, 'input.pcap')).equals(make())).toBe(true)
})
