import type { Device } from '../inventory/device.ts'

/** What rules may ask the inventory. */
export interface InventoryView {
  deviceAt(address: string): Device | undefined
  devicesWithAeTitle(title: string): readonly Device[]
  /** True for addresses of the site's own networks. */
  isLocal(address: string): boolean
}

/** For a detector without an inventory: nothing is known, and nothing is foreign. */
export const EMPTY_INVENTORY: InventoryView = { deviceAt: () => undefined, devicesWithAeTitle: () => [], isLocal: () => true }
