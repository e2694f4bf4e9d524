import type { ConfSettings } from '../content/splunk/conf.ts'
import type { SplunkApp, SplunkObject } from '../content/splunk/objects.ts'
import type { ContentState } from './content-report.ts'
import { entryName, namespace, type SplunkEntry, type SplunkRest } from './splunk-rest.ts'

/** What Splunk has of an app that is shipped. */
export interface InstalledApp {
  readonly app: SplunkApp
  /** Undefined where the app is not installed. */
  readonly version: string | undefined
  readonly disabled: boolean
  readonly visible: boolean
  readonly objects: readonly InstalledObject[]
}

export interface InstalledObject {
  readonly object: SplunkObject
  readonly state: ContentState
  /** Settings that administrators may change and did. */
  readonly changed: readonly string[]
  /** As Splunk has it. */
  readonly found: ConfSettings
}

/** Ask for an app and everything in it that can be compared. */
export async function compareApp(rest: SplunkRest, app: SplunkApp): Promise<InstalledApp> {
  const [entry] = await rest.entries(`/services/apps/local/${entryName(app.id)}`)
  if (entry === undefined) {
    const objects = app.objects.map(object => ({ object, state: 'missing', changed: [], found: {} }) as const)
    return { app, version: undefined, disabled: false, visible: false, objects }
  }
  const { version, disabled, visible } = entry.content
  return {
    app,
    version: String(version ?? 'none'),
    disabled: plain(disabled) === '1',
    visible: plain(visible) === '1',
    objects: await compareObjects(rest, app),
  }
}

async function compareObjects(rest: SplunkRest, app: SplunkApp): Promise<readonly InstalledObject[]> {
  const compared: InstalledObject[] = []
  for (const endpoint of new Set(app.objects.map(object => object.endpoint))) {
    const path = `${namespace(app.id)}/${endpoint}`
    const listed = await rest.entries(path, { search: `eai:acl.app=${app.id}` })
    const known = new Map(listed.map(entry => [entry.name, entry]))
    for (const object of app.objects.filter(one => one.endpoint === endpoint)) {
      // A stanza that another app has too may be listed as that app's.
      const entry = known.get(object.name) ?? (await rest.entries(`${path}/${entryName(object.name)}`))[0]
      compared.push(compareObject(object, entry))
    }
  }
  return compared
}

function compareObject(object: SplunkObject, entry: SplunkEntry | undefined): InstalledObject {
  if (entry === undefined) return { object, state: 'missing', changed: [], found: {} }
  const { content } = entry
  const differing = Object.entries(object.settings).flatMap(([key, wanted]) => (plain(content[key]) === plain(wanted) ? [] : [key]))
  const state = differing.every(object.isLocal) ? 'same' : 'different'
  return { object, state, changed: differing.filter(object.isLocal), found: content as ConfSettings }
}

/** The same text for the same value: Splunk gives switches back as words, numbers or booleans, and text with other white space. */
function plain(value: unknown): string {
  const text = String(value ?? '')
    .replaceAll(/\s+/g, ' ')
    .trim()
  if (/^(true|t|yes|enabled|1)$/i.test(text)) return '1'
  return /^(false|f|no|disabled|0)$/i.test(text) ? '0' : text
}
