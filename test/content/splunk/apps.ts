import { loadRules } from '../../../src/content/rules.ts'
import { addonFiles } from '../../../src/content/splunk/addon.ts'
import { splunkAppFiles } from '../../../src/content/splunk/app.ts'
import { VERSION } from '../../../src/installation.ts'
import { type ParsedConf, parseConf } from './conf.ts'

const context = { version: VERSION, rules: loadRules() }

/** Files of the apps by path. */
export type AppFiles = ReadonlyMap<string, string | Uint8Array>

export const ADDON: AppFiles = new Map(addonFiles(context).map(({ path, content }) => [path, content]))
export const APP: AppFiles = new Map(splunkAppFiles(context).map(({ path, content }) => [path, content]))
export const RULES = context.rules

export function conf(files: AppFiles, name: string): ParsedConf {
  return parseConf(textOf(files, `default/${name}.conf`))
}

export function textOf(files: AppFiles, path: string): string {
  const content = files.get(path)
  if (content === undefined) throw new Error(`the app has no ${path}`)
  return String(content)
}

/** Definitions of macros without arguments. */
export function macros(): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(conf(APP, 'macros')).map(([name, { definition }]) => [name, definition]))
}
