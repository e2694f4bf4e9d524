import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ConfigProblem, formatProblems } from '../../config/load.ts'
import { HOME } from '../../installation.ts'
import { WardwireError } from '../../telemetry/error.ts'
import type { Dashboard } from './dashboard.ts'
import { parseDashboard } from './dashboard-schema.ts'

const SUFFIX = '.yml'

/** `dashboards/elastic` of this installation. */
export const ELASTIC_FOLDER = join(HOME, 'dashboards', 'elastic')

/** Every dashboard of a folder, in the order of the navigation. Throws `dashboard_invalid` with all problems of all files. */
export function loadDashboards(folder: string = ELASTIC_FOLDER): readonly Dashboard[] {
  const problems: ConfigProblem[] = []
  const dashboards: Dashboard[] = []
  for (const file of dashboardFiles(folder)) {
    const path = join(folder, file)
    const parsed = parseDashboard(readFileSync(path, 'utf8'), path, file.slice(0, -SUFFIX.length))
    if (parsed.ok) dashboards.push(parsed.settings)
    else problems.push(...parsed.problems)
  }
  if (problems.length > 0)
    throw new WardwireError('dashboard_invalid', `${problems.length} problems in the dashboards:\n${formatProblems(problems)}`)
  return dashboards.sort((one, other) => one.order - other.order)
}

function dashboardFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter(file => file.endsWith(SUFFIX))
  } catch (cause) {
    throw new WardwireError('dashboard_invalid', `cannot read the dashboards in ${folder}`, {
      mend: 'install wardwire with its folder dashboards/',
      cause,
    })
  }
}
