import { DATASETS } from '../../normalize/event.ts'
import { readMapping } from '../../normalize/mappings.ts'
import { type CefRow, cefTable, markdownTable } from './tables.ts'

/** `docs/qradar.md`: what a log source extension for the LEEF form has to know. */
export function leefPage(): string {
  const { keys } = readMapping<{ readonly keys: Readonly<Record<string, string>> }>('leef.yml')
  const { header, common, datasets } = cefTable()
  const attribute = ({ key, label }: CefRow): string => keys[key] ?? label ?? key
  return `# IBM QRadar

The sensor's output \`syslog\` with \`format: leef\` sends LEEF 2.0 with the delimiter \`^\`:

    LEEF:2.0|wardwire|wardwire|<version>|<event id>|^|sev=…^name=…^devTime=…

QRadar reads the header and the attributes that it predefines (\`devTime\`, \`src\`, \`dst\`, \`srcPort\`, \`dstPort\`, \`srcMAC\`, \`dstMAC\`, \`proto\`, \`sev\`, \`cat\`) by itself. \`devTime\` is
milliseconds since 1970 UTC. Make a log source type for vendor \`wardwire\`, map the event ids below, and make custom properties of the attributes that you search for.

## Event ids

Severity (\`sev\`) is that of the rule for detections: ${severities(header.severity['event.severity'])}; else it goes by the outcome:
${severities(header.severity['event.outcome'])}.

${markdownTable(['Event id', 'Name', 'Category (cat)', 'Severity'], [...eventRows(header.names), ...ruleRows(header.severity['event.severity'])])}

## Attributes of every event

${markdownTable(['Attribute', 'Field of the event'], attributeRows(common, attribute))}
${DATASETS.map(dataset => datasetSection(dataset, datasets[dataset], attribute)).join('')}`
}

function datasetSection(dataset: string, rows: readonly CefRow[], attribute: (row: CefRow) => string): string {
  const table = markdownTable(['Attribute', 'Field of the event'], attributeRows(rows, attribute))
  return `\n## Attributes of ${dataset}\n\nWhere two rows have the same attribute, the first that has a value is written.\n\n${table}\n`
}

/** IPv4 and IPv6 have keys of their own in CEF and one attribute here. */
function attributeRows(rows: readonly CefRow[], attribute: (row: CefRow) => string): readonly (readonly string[])[] {
  const pairs = new Map(rows.map(row => [`${attribute(row)} ${row.field}`, [code(attribute(row)), code(row.field)]]))
  return [...pairs.values()]
}

const DATASET_OF_PREFIX: readonly (readonly [RegExp, string])[] = [
  [/^dicom/, 'wardwire.dicom'],
  [/^(hl7|fhir)/, 'wardwire.hl7'],
  [/^flow/, 'wardwire.flow'],
  [/^device/, 'wardwire.asset'],
  [/^vulnerability/, 'wardwire.vulnerability'],
]

function eventRows(names: Readonly<Record<string, string>>): readonly (readonly string[])[] {
  return Object.entries(names).map(([action, name]) => {
    const dataset = DATASET_OF_PREFIX.find(([prefix]) => prefix.test(action))?.[1] ?? 'wardwire.health'
    return [code(action), name, dataset, 'by outcome']
  })
}

/** A row of `mappings/detections.yml`. */
export interface SensorDetection {
  readonly id: string
  readonly name: string
  readonly severity: keyof typeof SEVERITY_OF_WORD
}

function ruleRows(severity: Readonly<Record<string, number>>): readonly (readonly string[])[] {
  return readMapping<readonly SensorDetection[]>('detections.yml').map(({ id, name, severity: word }) => [
    code(id),
    name,
    'wardwire.alert',
    `${severity[SEVERITY_OF_WORD[word]]} (${word})`,
  ])
}

const SEVERITY_OF_WORD = { low: 21, medium: 47, high: 73, critical: 99 } as const

function severities(table: Readonly<Record<string, number>>): string {
  return Object.entries(table)
    .map(([value, number]) => `${value} → ${number}`)
    .join(', ')
}

function code(text: string): string {
  return `\`${text}\``
}
