import type { ContentBuilder, ContentFile } from '../builder.ts'
import { dashboardApiBody } from './dashboard-api.ts'
import { DATA_VIEW, dashboardObject, dataViewObject, importLine } from './dashboard-object.ts'
import { loadDashboards } from './dashboards.ts'
import { elasticContent } from './transforms.ts'

const FOLDER = 'elastic/assets'

/** `elastic/assets/`: everything of the package for clusters without Fleet, one file an API call, and the dashboards for import. */
export const elasticAssets: ContentBuilder = {
  name: 'elastic-assets',
  build: ({ version }) => {
    const { pipelines, componentTemplates, indexTemplates, transforms } = elasticContent()
    return [
      ...bodies('ingest_pipeline', pipelines),
      ...bodies('component_template', componentTemplates),
      ...bodies('index_template', indexTemplates),
      ...bodies('transform', transforms),
      { path: `${FOLDER}/dashboards.ndjson`, content: dashboardLines(version).join('') },
      ...apiDashboards(version),
      { path: `${FOLDER}/README.md`, content: README },
    ]
  },
}

function bodies(api: string, named: Readonly<Record<string, object>>): readonly ContentFile[] {
  return Object.entries(named).map(([name, body]) => ({ path: `${FOLDER}/${api}/${name}.json`, content: json(body) }))
}

/** The data view and all dashboards, a line each, for POST /api/saved_objects/_import. */
export function dashboardLines(version: string): readonly string[] {
  const dashboards = loadDashboards()
  const context = { version, dataView: DATA_VIEW.id, dashboards }
  const objects = [dataViewObject(), ...dashboards.map(dashboard => dashboardObject(dashboard, context))]
  return objects.map(object => `${importLine(object)}\n`)
}

function apiDashboards(version: string): readonly ContentFile[] {
  const dashboards = loadDashboards()
  return dashboards.map(dashboard => ({
    path: `${FOLDER}/dashboards_api/wardwire-${dashboard.id}.json`,
    content: json(dashboardApiBody(dashboard, dashboards, version)),
  }))
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

const README = `# wardwire without Fleet

\`wardwire content install elastic\` puts all of this in its place and leaves alone what is as it should be. By hand, in this order, the name of
each file being the name that the API wants (without \`.json\`):

| Folder | API |
|---|---|
| \`ingest_pipeline\` | \`PUT _ingest/pipeline/<name>\` |
| \`component_template\` | \`PUT _component_template/<name>\` |
| \`index_template\` | \`PUT _index_template/<name>\` |
| \`transform\` | \`PUT _transform/<name>?defer_validation=true\`, then \`POST _transform/<name>/_start\` |
| \`dashboards.ndjson\` | Kibana: Stack Management, Saved Objects, Import; or \`POST /api/saved_objects/_import?overwrite=true\` |
| \`../rules.ndjson\` | Kibana: Security, Rules, Import rules; or \`POST /api/detection_engine/rules/_import\` |

\`dashboards_api\` holds the same dashboards as bodies of \`PUT /api/dashboards/<name>\` (Kibana 9.4 and later), for those who keep dashboards as
code. Import \`dashboards.ndjson\` or use these, not both; their controls need the data view of \`dashboards.ndjson\`.

Where the integration package is installed, none of this is needed.
`
