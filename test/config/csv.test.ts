import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCsv, toCsv } from '../../src/config/csv.ts'

const cellsOf = (text: string) => (parseCsv(text) as readonly { cells: readonly string[] }[]).map(({ cells }) => cells)

describe('CSV', () => {
  test('quotes what has to be quoted (RFC 4180)', () => {
    expect(
      toCsv(
        ['a', 'b'],
        [
          ['x,y', 'say "hi"'],
          ['two\nlines', ''],
        ],
      ),
    ).toBe('a,b\r\n"x,y","say ""hi"""\r\n"two\nlines",\r\n')
  })

  test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'])('a spreadsheet does not run %j', formula => {
    expect(cellsOf(toCsv(['a'], [[formula]]))[1]).toEqual([`'${formula}`])
  })

  test('what is written reads back, apart from formulas', () => {
    const text = fc.string().filter(value => !/^[=+\-@\t\r]/.test(value))
    const rows = fc.array(fc.tuple(text, text, text).filter(cells => cells.some(cell => cell !== '')))
    fc.assert(
      fc.property(rows, table => {
        expect(cellsOf(toCsv(['a', 'b', 'c'], table)).slice(1)).toEqual(table)
      }),
    )
  })

  test('records know their line; blank lines, line feeds and a byte-order mark are no matter', () => {
    expect(parseCsv('\uFEFFa,b\n\n"1\n2",3\r\n4,')).toEqual([
      { line: 1, cells: ['a', 'b'] },
      { line: 3, cells: ['1\n2', '3'] },
      { line: 5, cells: ['4', ''] },
    ])
    expect(parseCsv('a;"b;c"\n', ';')).toEqual([{ line: 1, cells: ['a', 'b;c'] }])
  })

  test.each([
    ['a,b\n1,"2', 2],
    ['a,b\n1,"2"3\n', 2],
  ])('%j is broken on line %d', (text, brokenLine) => {
    expect(parseCsv(text)).toEqual({ brokenLine })
  })

  test('any text is read in one pass', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r') }), text => void parseCsv(text)))
  })
})
