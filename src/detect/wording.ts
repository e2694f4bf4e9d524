import type { Device } from '../inventory/device.ts'
import type { InventoryView } from './inventory-view.ts'

/** Names listed in one sentence. */
const MAX_LISTED = 10

/** `10.1.0.10 (GE HealthCare Revolution, CT)`: an address with what the inventory knows of it. */
export function hostWords(address: string, inventory: InventoryView): string {
  const words = deviceWords(inventory.deviceAt(address))
  return words === '' ? address : `${address} (${words})`
}

/** `Siemens Healthineers SOMATOM, CT`; empty when nothing is known. */
export function deviceWords(device: Device | undefined): string {
  if (device === undefined) return ''
  const make = [device.manufacturer, device.model].filter(part => part !== undefined).join(' ')
  return [make, device.type].filter(part => part !== undefined && part !== '').join(', ')
}

/** `a, b, c and 4 more`. */
export function listed(names: Iterable<string>): string {
  const all = [...names]
  const shown = all.slice(0, MAX_LISTED).join(', ')
  return all.length > MAX_LISTED ? `${shown} and ${all.length - MAX_LISTED} more` : shown
}

/** `1 study`, `3 studies`. */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** The fields of an alert without those that are not known. */
export function known(
  fields: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>,
): Readonly<Record<string, string | number | boolean | readonly string[]>> {
  const result: Record<string, string | number | boolean | readonly string[]> = {}
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) result[name] = value
  return result
}
