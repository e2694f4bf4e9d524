import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The folder of this installation, in which `dashboards` and `mappings` lie; right for the sources and for the built program. */
export const HOME = join(import.meta.dirname, '..')

/** Version in package.json. */
export const VERSION: string = (JSON.parse(readFileSync(join(HOME, 'package.json'), 'utf8')) as { version: string }).version
