import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

/** Read a table of `mappings/`; works from `src` and from `dist`. The files are part of the program, so their shape is trusted. */
export function readMapping<Table>(name: string): Table {
  return parse(readFileSync(join(import.meta.dirname, '..', '..', 'mappings', name), 'utf8')) as Table
}
