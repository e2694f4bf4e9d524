import { describe, expect, test } from 'vitest'
import { ATTACK_VERSION } from '../../src/detect/attack.ts'
import { createRules, Detector } from '../../src/detect/index.ts'
import type { Alert } from '../../src/detect/rule.ts'
import { detectSchema } from '../../src/detect/settings.ts'
import { association, flow, inventory, move, rejection, SECOND, START } from '../inventory/samples.ts'
import { detectSettings } from './harness.ts'

describe('createRules', () => {
  test('one rule for each setting, by the same name', () => {
    const ids = createRules(detectSettings()).map(rule => rule.description.id)
    expect(ids).toEqual(Object.keys(detectSettings()))
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('switched-off rules are not made', () => {
    const ids = createRules(detectSettings({ 'dcm-scan-sweep': { enabled: false } })).map(rule => rule.description.id)
    expect(ids).not.toContain('dcm-scan-sweep')
  })

  test('every description is complete', () => {
    expect(ATTACK_VERSION).toBe('18.1')
    for (const { description } of createRules(detectSettings())) {
      expect(description.id).toMatch(/^(dcm|hl7|wf)-[a-z-]+$/)
      expect(description.reference).toMatch(/^https:\/\/attack\.mitre\.org\/techniques\/T\d{4}(\/\d{3})?\/$/)
      expect(description.enterprise.every(({ id, tactic }) => /^T\d{4}(\.\d{3})?$/.test(id) && /^TA\d{4}$/.test(tactic.id))).toBe(true)
      expect(description.ics.every(({ id }) => /^T0\d{3}$/.test(id))).toBe(true)
      expect(description.nextSteps.length).toBeGreaterThanOrEqual(2)
    }
  })

  test('every setting is described', () => {
    for (const rule of Object.values(
      detectSchema.describe()['keys'] as Record<string, { flags: object; keys: Record<string, { flags: object }> }>,
    )) {
      expect(rule.flags).toHaveProperty('description')
      for (const key of Object.values(rule.keys)) expect(key.flags).toHaveProperty('description')
    }
  })
})

describe('Detector', () => {
  test('the same observations raise the same alerts', () => {
    const runs = [0, 1].map(() => {
      const alerts: Alert[] = []
      const detector = new Detector(detectSettings(), inventory().inventory, alert => alerts.push(alert))
      for (let n = 1; n <= 12; n++) {
        detector.observe(association(flow({ serverAddress: `10.1.2.${n}` }), START + n))
        detector.observe(rejection(flow(), START + n, 'ECHOSCU', `TITLE${n}`, 'called_ae_title_not_recognized'))
        detector.observe(move(flow(), START + n, `DEST${n % 3}`))
        detector.tick(START + n * SECOND)
      }
      detector.finish(START + 20 * SECOND)
      return alerts.map(({ flow: _, ...alert }) => alert)
    })
    expect(runs[0]).toEqual(runs[1])
    expect(new Set(runs[0]?.map(alert => alert.rule.id))).toEqual(new Set(['dcm-scan-sweep', 'dcm-ae-brute', 'dcm-move-new-dest']))
  })
})
