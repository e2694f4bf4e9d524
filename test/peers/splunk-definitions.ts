import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { whyNot } from './peer.ts'

const SCRIPT = 'splunk-definitions.sh'

export function splunkDefinitionsMissing(): string | undefined {
  return whyNot(SCRIPT)
}

function folder(): string {
  return spawnSync(join(import.meta.dirname, SCRIPT), ['folder'], { encoding: 'utf8' }).stdout
}

/** What a configuration file may hold: patterns of keys. Undefined where there is no specification. */
export function confKeys(conf: string): readonly RegExp[] | undefined {
  const file = join(folder(), 'conf-specs', `${conf}.conf.spec`)
  return existsSync(file) ? keysOfSpec(readFileSync(file, 'utf8')) : undefined
}

/** Keys of a specification: `EVAL-<fieldname> = <eval statement>` stands for any name. */
function keysOfSpec(spec: string): readonly RegExp[] {
  return [...spec.matchAll(/^([A-Za-z_<][^\s=*#]*)\s*=/gm)].map(([, key]) => {
    const pattern = key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/<[^>]*>/g, '.+')
    return new RegExp(`^${pattern}$`)
  })
}

/** A field of a data model as the published definitions have it. */
export interface ModelField {
  readonly name: string
  readonly type: 'required' | 'conditional' | 'optional' | 'not_allowed_in_search'
  readonly expected_values?: readonly string[]
}

interface DataSet {
  readonly name: string
  readonly tags: readonly (readonly string[])[]
  readonly fields: readonly ModelField[]
  readonly child_dataset: readonly DataSet[]
}

export interface DataModel {
  readonly model_name: string
  readonly objects: readonly DataSet[]
}

export function dataModel(name: string): DataModel {
  return JSON.parse(readFileSync(join(folder(), 'data_models', `${name}.json`), 'utf8')) as DataModel
}

/** Fields of a model's root and of the data sets below it. */
export function allFields({ objects }: DataModel): readonly ModelField[] {
  const below = (set: DataSet): readonly ModelField[] => [...set.fields, ...set.child_dataset.flatMap(below)]
  return objects.flatMap(below)
}
