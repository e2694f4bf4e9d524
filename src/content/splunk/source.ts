import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { HOME } from '../../installation.ts'
import { WardwireError } from '../../telemetry/error.ts'
import type { ContentFile } from '../builder.ts'

/** `dashboards/splunk` of this installation. */
const FOLDER = join(HOME, 'dashboards', 'splunk')
const VIEWS = 'views'
const ICONS = 'icons'

/** Read a file of `dashboards/splunk`. The files are part of the program, so their shape is trusted. Throws `content_source`. */
export function readSource<Shape>(name: string): Shape {
  return parse(readBytes(name).toString('utf8')) as Shape
}

/** Names of the dashboards: `posture`, … in alphabetical order. */
export function viewNames(): readonly string[] {
  return readdirSync(join(FOLDER, VIEWS))
    .filter(file => file.endsWith('.yml'))
    .map(file => file.slice(0, -'.yml'.length))
    .sort()
}

export function readView<Shape>(name: string): Shape {
  return readSource<Shape>(`${VIEWS}/${name}.yml`)
}

/** `static/` of an app: its icons in the sizes that Splunk shows, 36 and 72 pixels. */
export function iconFiles(): readonly ContentFile[] {
  return readdirSync(join(FOLDER, ICONS))
    .filter(file => file.endsWith('.png'))
    .map(file => ({ path: `static/${file}`, content: readBytes(`${ICONS}/${file}`) }))
}

function readBytes(name: string): Buffer {
  try {
    return readFileSync(join(FOLDER, name))
  } catch (cause) {
    throw new WardwireError('content_source', `cannot read ${name} of the Splunk content`, {
      mend: 'install wardwire with its folder dashboards/',
      cause,
    })
  }
}
