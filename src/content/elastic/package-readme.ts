import type { Field } from '../../normalize/catalogue.ts'
import { DATASETS } from '../../normalize/event.ts'
import type { ContentContext } from '../builder.ts'
import type { Dashboard } from './dashboard.ts'
import { fieldsOf, STREAM_TITLES } from './data-streams.ts'

/** The text of the package's documentation with its tables in the places of `{{…}}`. */
export function packageReadme(template: string, { version, rules }: ContentContext, dashboards: readonly Dashboard[]): string {
  const parts: Readonly<Record<string, string>> = {
    version,
    rule_count: String(rules.length),
    dashboards: dashboards.map(({ title, description }) => `| ${title} | ${description} |`).join('\n'),
    fields: fieldReference(),
  }
  return template.replace(/\{\{(\w+)\}\}/g, (place, name: string) => parts[name] ?? place)
}

/** Fields that every data stream has, and then those of each. */
function fieldReference(): string {
  const common = fieldsOf(DATASETS[0]).filter(({ datasets }) => datasets.length === DATASETS.length)
  const sections = DATASETS.map(dataset => {
    const own = fieldsOf(dataset).filter(({ datasets }) => datasets.length < DATASETS.length)
    return section(`${STREAM_TITLES[dataset]} (\`logs-${dataset}-*\`)`, own)
  })
  return [section('Every data stream', common), ...sections].join('\n\n')
}

function section(title: string, fields: readonly Field[]): string {
  const rows = fields.map(({ name, type, description }) => `| ${name} | ${type} | ${description.replaceAll('|', '\\|')} |`)
  return [`### ${title}`, '', '| Field | Type | Description |', '|---|---|---|', ...rows].join('\n')
}
