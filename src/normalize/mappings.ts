import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { yaml } from '../config/yaml.ts'
import { HOME } from '../installation.ts'

/**
 * Read a table of `mappings/`; the built program has it beside itself, as JSON. The files are part of the program, so their shape is trusted.
 */
export function readMapping<Table>(name: string): Table {
  const compiled = join(import.meta.dirname, 'mappings', `${name}.json`)
  if (existsSync(compiled)) return JSON.parse(readFileSync(compiled, 'utf8')) as Table
  return yaml().parse(readFileSync(join(HOME, 'mappings', name), 'utf8')) as Table
}
