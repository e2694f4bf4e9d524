import type { ContentFile } from '../builder.ts'
import { type Conf, formatConf } from './conf.ts'
import { iconFiles } from './source.ts'

/** What Splunk's app list and packaging tools want to know. */
export interface AppDescription {
  /** Name of the folder. */
  readonly id: string
  readonly title: string
  readonly description: string
  readonly version: string
  /** Has pages of its own. */
  readonly visible: boolean
  /** `_search_heads`, `_indexers`, `_forwarders` */
  readonly workloads: readonly string[]
  /** Files of configuration that Splunk itself does not know: reloaded without a restart. */
  readonly customConfs: readonly string[]
  /** Apps that it needs. */
  readonly dependencies: Readonly<Record<string, { readonly version: string }>>
}

const AUTHOR = 'wardwire'
const LICENSE = 'Apache-2.0'

/** Files that every app has: `app.conf`, `app.manifest`, `metadata/default.meta`, icons. */
export function appFiles(app: AppDescription, readme: string): readonly ContentFile[] {
  return [
    { path: 'README.md', content: readme },
    { path: 'app.manifest', content: `${JSON.stringify(manifest(app), undefined, 2)}\n` },
    ...confFiles({ app: appConf(app) }),
    { path: 'metadata/default.meta', content: formatConf(DEFAULT_META) },
    ...iconFiles(),
  ]
}

/** `default/<name>.conf` of each. */
export function confFiles(confs: Readonly<Record<string, Conf>>): readonly ContentFile[] {
  return Object.entries(confs).map(([name, conf]) => ({ path: `default/${name}.conf`, content: formatConf(conf) }))
}

const DEFAULT_META: Conf = {
  '': { access: 'read : [ * ], write : [ admin, sc_admin ]', export: 'system' },
  views: { access: 'read : [ * ], write : [ admin, sc_admin ]', export: 'none' },
}

function appConf(app: AppDescription): Conf {
  return {
    install: { is_configured: 'false', state: 'enabled' },
    ...(app.customConfs.length > 0 ? { triggers: Object.fromEntries(app.customConfs.map(name => [`reload.${name}`, 'simple'])) } : {}),
    launcher: { author: AUTHOR, description: app.description, version: app.version },
    ui: { is_visible: app.visible ? 'true' : 'false', label: app.title },
    package: { id: app.id, check_for_updates: 'false' },
    id: { name: app.id, version: app.version },
  }
}

/** Schema 2.0.0 of Splunk's packaging toolkit. */
function manifest(app: AppDescription): object {
  return {
    schemaVersion: '2.0.0',
    info: {
      title: app.title,
      id: { group: null, name: app.id, version: app.version },
      author: [{ name: AUTHOR, email: null, company: null }],
      releaseDate: null,
      description: app.description,
      classification: {
        intendedAudience: 'IT Professionals',
        categories: ['Security, Fraud & Compliance'],
        developmentStatus: 'Production/Stable',
      },
      commonInformationModels: null,
      license: { name: LICENSE, text: null, uri: null },
      privacyPolicy: { name: null, text: null, uri: null },
      releaseNotes: { name: null, text: null, uri: null },
    },
    dependencies: app.dependencies,
    tasks: null,
    inputGroups: null,
    incompatibleApps: null,
    platformRequirements: null,
    supportedDeployments: ['_standalone', '_distributed', '_search_head_clustering'],
    targetWorkloads: app.workloads,
  }
}
