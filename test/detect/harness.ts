import Joi from 'joi'
import { Detector } from '../../src/detect/index.ts'
import { EMPTY_INVENTORY, type InventoryView } from '../../src/detect/inventory-view.ts'
import type { Alert } from '../../src/detect/rule.ts'
import { type DetectSettings, detectSchema } from '../../src/detect/settings.ts'

type Changes = { readonly [Rule in keyof DetectSettings]?: Partial<DetectSettings[Rule]> }

export function detectSettings(changes: Changes = {}): DetectSettings {
  return Joi.attempt(changes, detectSchema) as DetectSettings
}

/** A detector with one rule enabled, whose alerts are collected. */
export function detector(rule: keyof DetectSettings, changes: Changes = {}, inventory: InventoryView = EMPTY_INVENTORY) {
  const others = Object.fromEntries(Object.keys(detectSettings()).map(id => [id, { enabled: id === rule }]))
  const own = { ...others[rule], ...changes[rule] }
  const alerts: Alert[] = []
  return { detector: new Detector(detectSettings({ ...others, [rule]: own }), inventory, alert => alerts.push(alert)), alerts }
}
