/** Text that a spreadsheet would run as a formula (OWASP, CSV injection). */
const FORMULA = /^[=+\-@\t\r]/
const NEEDS_QUOTES = /[",\r\n]/

/** Rows as CSV (RFC 4180), header first. A cell that a spreadsheet would take for a formula gets an apostrophe before it. */
export function toCsv(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, ...rows].map(row => `${row.map(cell).join(',')}\r\n`).join('')
}

function cell(text: string): string {
  const harmless = FORMULA.test(text) ? `'${text}` : text
  return NEEDS_QUOTES.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

/** One record of a CSV file. */
export interface CsvRecord {
  /** 1-based line on which it begins. */
  readonly line: number
  readonly cells: readonly string[]
}

/** record = cell *("," cell) end; cell = text / DQUOTE *(text / "," / end / 2DQUOTE) DQUOTE; end = CRLF / LF (RFC 4180 §2). */
const CELL = /(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|\r?\n|$)/y

/**
 * Read CSV (RFC 4180; a byte-order mark and lone line feeds are taken too). Blank lines are no records. Answers the line on which a quote
 * goes wrong instead, where one does.
 */
export function parseCsv(text: string, separator = ','): readonly CsvRecord[] | { readonly brokenLine: number } {
  const cellPattern = separator === ',' ? CELL : new RegExp(CELL.source.replaceAll(',', separator), 'y')
  const records: CsvRecord[] = []
  let line = 1
  let begun = 1
  let cells: string[] = []
  cellPattern.lastIndex = text.startsWith('\uFEFF') ? 1 : 0
  while (cellPattern.lastIndex < text.length) {
    const match = cellPattern.exec(text)
    if (match === null) return { brokenLine: line }
    const [whole, quoted, plain, end] = match
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    line += whole.split('\n').length - 1
    if (end === separator && cellPattern.lastIndex < text.length) continue
    if (end === separator) cells.push('')
    if (cells.length > 1 || cells[0] !== '') records.push({ line: begun, cells })
    cells = []
    begun = line
  }
  return records
}
