import { INDEX_MACRO } from '../content/languages/spl.ts'
import type { InstalledObject } from './splunk-objects.ts'

/** The macro that says where dashboards and rules look. */
export const indexMacro = INDEX_MACRO

/**
 * What the macro should say so that dashboards look where an output writes; undefined where it need not change: the output does not name
 * its index, or an administrator has set the macro already.
 */
export function indexSetting(macro: InstalledObject | undefined, index: string | undefined): string | undefined {
  if (index === undefined || macro === undefined || macro.changed.includes('definition')) return undefined
  const wanted = indexCondition(index)
  return wanted === macro.object.settings['definition'] ? undefined : wanted
}

/** `index=ot` */
export function indexCondition(index: string): string {
  return /^[\w-]+$/.test(index) ? `index=${index}` : `index="${index.replaceAll('"', '')}"`
}
