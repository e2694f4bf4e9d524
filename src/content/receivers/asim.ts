import { catalogue } from '../../normalize/catalogue.ts'
import { readMapping } from '../../normalize/mappings.ts'
import { type CefRow, cefTable, markdownTable } from './tables.ts'

interface AsimRow {
  readonly asim: string
  readonly field?: string
  readonly kql?: string
  readonly as?: string
  readonly values?: Readonly<Record<string, string>>
  readonly default?: string
}

interface AsimSchema {
  readonly name: string
  readonly version: string
  readonly parser: string
  readonly datasets: readonly string[]
  readonly fields: readonly AsimRow[]
}

/** `mappings/asim.yml`. */
interface AsimTable {
  readonly columns: Readonly<Record<string, string>>
  readonly common: readonly AsimRow[]
  readonly schemas: readonly AsimSchema[]
}

/** `docs/sentinel.md`: the events in Microsoft Sentinel, and parsers to ASIM. */
export function sentinelPage(): string {
  const table = readMapping<AsimTable>('asim.yml')
  return `# Microsoft Sentinel

Send CEF (output \`syslog\`, \`format: cef\`) to a log forwarder with the Azure Monitor agent and the connector "Common Event Format (CEF) via AMA". The events arrive in
the table \`CommonSecurityLog\` with \`DeviceVendor == "wardwire"\`. The functions below normalize them to the Advanced Security Information Model (ASIM);
save each as a function of the workspace under its name. They come from one table with the other mappings and are checked for their names only: no test runs KQL.

A label such as \`cs1Label\` stands in the column \`DeviceCustomString1Label\`; which label a custom column has, depends on the dataset (\`DeviceEventCategory\`).
${table.schemas.map(schema => schemaSection(schema, table)).join('')}`
}

function schemaSection(schema: AsimSchema, { columns, common }: AsimTable): string {
  const rows = [...common, ...schema.fields]
  const described = rows.map(row => [
    `\`${row.asim}\``,
    `\`${expression(row, schema, columns)}\``,
    row.field === undefined ? '' : `\`${row.field}\``,
  ])
  return `
## ${schema.name} ${schema.version}

For the datasets ${schema.datasets.map(dataset => `\`${dataset}\``).join(', ')}.

${markdownTable(['ASIM', 'CommonSecurityLog', 'Field of the event'], described)}

\`\`\`kql
// ${schema.parser}
CommonSecurityLog
| where DeviceVendor == "wardwire" and DeviceEventCategory in (${schema.datasets.map(dataset => `"${dataset}"`).join(', ')})
| extend EventSchema = "${schema.name}", EventSchemaVersion = "${schema.version}",
    ${assignments(
      rows.filter(row => row.as === undefined),
      schema,
      columns,
    )}
| extend ${assignments(
    rows.filter(row => row.as !== undefined),
    schema,
    columns,
  )}
\`\`\`
`
}

function assignments(rows: readonly AsimRow[], schema: AsimSchema, columns: AsimTable['columns']): string {
  return rows.map(row => `${row.asim} = ${expression(row, schema, columns)}`).join(',\n    ')
}

function expression(
  { asim, field, kql, as, values, default: otherwise }: AsimRow,
  schema: AsimSchema,
  columns: AsimTable['columns'],
): string {
  if (kql !== undefined) return kql
  if (as !== undefined) return as
  if (field === undefined || !catalogue().has(field)) throw new RangeError(`${asim} of mappings/asim.yml has no field of the catalogue`)
  const column = columns[keyOf(field, schema)]
  if (column === undefined) throw new RangeError(`mappings/asim.yml has no column for ${field}`)
  if (values === undefined) return column
  const branches = Object.entries(values).map(([value, word]) => `tostring(${column}) == "${value}", "${word}"`)
  return `case(${branches.join(', ')}, "${otherwise ?? ''}")`
}

/** Key of the CEF record that has a field in the datasets of a schema. */
function keyOf(field: string, { name, datasets }: AsimSchema): string {
  const { common, datasets: own } = cefTable()
  const rows: readonly CefRow[] = [...datasets.flatMap(dataset => own[dataset as keyof typeof own] ?? []), ...common]
  const row = rows.find(candidate => candidate.field === field)
  if (row === undefined) throw new RangeError(`CEF records have no ${field}, which ${name} of mappings/asim.yml wants`)
  return row.key
}
