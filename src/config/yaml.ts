import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** The YAML library, loaded when the first file needs it: a replay without a config file starts sooner. */
export function yaml(): typeof import('yaml') {
  return require('yaml') as typeof import('yaml')
}
