import type { Dataset } from '../../normalize/event.ts'
import { readMapping } from '../../normalize/mappings.ts'

/** A row of `mappings/cef.yml`: which key a field feeds. */
export interface CefRow {
  readonly field: string
  readonly key: string
  readonly label?: string
}

/** The parts of `mappings/cef.yml` that the documents show. */
export interface CefTable {
  readonly header: {
    readonly names: Readonly<Record<string, string>>
    readonly severity: Readonly<Record<string, Readonly<Record<string, number>>>>
  }
  readonly common: readonly CefRow[]
  readonly datasets: Readonly<Record<Dataset, readonly CefRow[]>>
}

export function cefTable(): CefTable {
  return readMapping<CefTable>('cef.yml')
}

/** A table in Markdown. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(header), `|${'---|'.repeat(header.length)}`, ...rows.map(line)].join('\n')
}
