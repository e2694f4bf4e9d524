import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Dataset } from '../../normalize/event.ts'
import { WardwireError } from '../../telemetry/error.ts'
import type { ContentBuilder, ContentContext, ContentFile } from '../builder.ts'
import { securityRuleAssets } from '../elastic-rules.ts'
import { toYaml } from '../yaml.ts'
import { dashboardObject } from './dashboard-object.ts'
import { ELASTIC_FOLDER, loadDashboards } from './dashboards.ts'
import { dataStreamFiles, fieldsOf, packageField, streamName } from './data-streams.ts'
import { packageReadme } from './package-readme.ts'
import { LATEST_TRANSFORMS, type LatestTransform, transformBody } from './transforms.ts'
import { zip } from './zip.ts'

const NAME = 'wardwire'
/** The lowest that has lookup indices and capabilities; stacks 8.19 and 9.1 know it. */
const FORMAT_VERSION = '3.4.2'
const STACK = '^8.19.0 || ^9.1.0'
/** Fleet creates this data view in every space. */
const FLEET_DATA_VIEW = 'logs-*'
const PACKAGE_FOLDER = join(ELASTIC_FOLDER, 'package')

/** `elastic/wardwire-<version>.zip`: the integration package, for upload in Kibana. */
export const elasticPackage: ContentBuilder = {
  name: 'elastic-package',
  build: context => {
    const folder = `${NAME}-${context.version}`
    return [{ path: `elastic/${folder}.zip`, content: zip(folder, packageFiles(context)) }]
  },
}

/** Every file of the package, below its folder. Throws `dashboard_invalid` or `package_source`. */
export function packageFiles(context: ContentContext): readonly ContentFile[] {
  const dashboards = loadDashboards()
  const dashboardContext = { version: context.version, dataView: FLEET_DATA_VIEW, dashboards }
  return [
    { path: 'manifest.yml', content: toYaml(manifest(context.version)) },
    { path: 'changelog.yml', content: source('changelog.yml') },
    { path: 'LICENSE.txt', content: readFileSync(join(ELASTIC_FOLDER, '..', '..', 'LICENSE'), 'utf8') },
    { path: 'docs/README.md', content: packageReadme(source('README.md'), context, dashboards) },
    { path: 'img/wardwire.svg', content: source('wardwire.svg') },
    ...dataStreamFiles(sampleEvent),
    ...LATEST_TRANSFORMS.flatMap(transform => transformFiles(transform, context.version)),
    ...dashboards.map(dashboard => {
      const object = dashboardObject(dashboard, dashboardContext)
      return { path: `kibana/dashboard/${object.id}.json`, content: json(object) }
    }),
    ...securityRuleAssets(context),
    { path: 'kibana/tags.yml', content: toYaml(TAGS) },
  ]
}

/** The first tag puts the dashboards on the page of Elastic Security. */
const TAGS = ['Security Solution', 'Medical devices'].map(text => ({ text, asset_types: ['dashboard'] }))

function manifest(version: string): object {
  return {
    format_version: FORMAT_VERSION,
    name: NAME,
    title: 'wardwire',
    version,
    source: { license: 'Apache-2.0' },
    description: 'Collect DICOM and HL7 activity, medical device inventory and alerts from hospital networks with wardwire sensors.',
    type: 'integration',
    categories: ['security', 'network_security', 'asset_inventory', 'ids_ips', 'vulnerability_management'],
    conditions: { kibana: { version: STACK }, elastic: { subscription: 'basic', capabilities: ['security'] } },
    icons: [{ src: '/img/wardwire.svg', title: 'wardwire', size: '32x32', type: 'image/svg+xml' }],
    owner: { github: NAME, type: 'community' },
  }
}

function transformFiles(transform: LatestTransform, version: string): readonly ContentFile[] {
  const { name, dataset, lookup, aliases } = transform
  const folder = `elasticsearch/transform/${name}`
  const meta = { managed: true, run_as_kibana_system: false, fleet_transform_version: version }
  const fields = [
    // Several namespaces meet in one index.
    ...fieldsOf(dataset).map(field =>
      packageField(field.name === 'data_stream.namespace' ? { ...field, type: 'keyword' } : field, dataset),
    ),
    ...Object.entries(aliases).map(([alias, path]) => ({ name: alias, type: 'alias', path, description: `The same as ${path}.` })),
  ]
  const settings = lookup ? { settings: { index: { mode: 'lookup' } } } : {}
  return [
    { path: `${folder}/transform.yml`, content: toYaml(transformBody(transform, meta)) },
    {
      path: `${folder}/manifest.yml`,
      content: toYaml({ start: true, destination_index_template: { ...settings, mappings: { dynamic: false } } }),
    },
    { path: `${folder}/fields/fields.yml`, content: toYaml(fields) },
  ]
}

/** Datasets of which the sensor makes no events yet. */
const WITHOUT_SAMPLE: ReadonlySet<Dataset> = new Set(['wardwire.vulnerability'])

function sampleEvent(dataset: Dataset): string | undefined {
  return WITHOUT_SAMPLE.has(dataset) ? undefined : source(join('samples', `${streamName(dataset)}.json`))
}

function source(file: string): string {
  try {
    return readFileSync(join(PACKAGE_FOLDER, file), 'utf8')
  } catch (cause) {
    throw new WardwireError('package_source', `cannot read ${file} of the Elastic package in ${PACKAGE_FOLDER}`, {
      mend: 'install wardwire with its folder dashboards/',
      cause,
    })
  }
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
