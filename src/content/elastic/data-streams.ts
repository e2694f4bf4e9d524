import { catalogue, type Field } from '../../normalize/catalogue.ts'
import { DATASETS, type Dataset } from '../../normalize/event.ts'
import { elasticTemplates } from '../../normalize/templates.ts'
import type { ContentFile } from '../builder.ts'
import { toYaml } from '../yaml.ts'

/** As the index templates without Fleet have it. */
const FIELD_LIMIT = 1000
const IGNORE_ABOVE = 1024

/** What each data stream is called in Kibana. */
export const STREAM_TITLES: Readonly<Record<Dataset, string>> = {
  'wardwire.dicom': 'DICOM Associations and Operations',
  'wardwire.hl7': 'HL7 Messages',
  'wardwire.flow': 'Network Flows of Medical Devices',
  'wardwire.asset': 'Medical Device Inventory',
  'wardwire.alert': 'Alerts',
  'wardwire.vulnerability': 'Vulnerabilities and Advisories',
  'wardwire.health': 'Sensor Health',
}

/** `wardwire.dicom` → `dicom`: the folder of a data stream in the package. */
export function streamName(dataset: Dataset): string {
  return dataset.slice('wardwire.'.length)
}

/** `data_stream/<name>/` of every dataset. `sample` gives an event of a dataset, where the sensor makes any. */
export function dataStreamFiles(sample: (dataset: Dataset) => string | undefined): readonly ContentFile[] {
  return DATASETS.flatMap(dataset => {
    const folder = `data_stream/${streamName(dataset)}`
    const event = sample(dataset)
    return [
      { path: `${folder}/manifest.yml`, content: toYaml(manifest(dataset)) },
      { path: `${folder}/elasticsearch/ingest_pipeline/default.yml`, content: `---\n${toYaml(ingestPipeline(dataset))}` },
      ...fieldFiles(dataset).map(({ name, fields }) => ({ path: `${folder}/fields/${name}.yml`, content: toYaml(fields) })),
      ...(event === undefined ? [] : [{ path: `${folder}/sample_event.json`, content: event }]),
    ]
  })
}

/** Nothing is mapped dynamically, so no document can grow the mapping. */
function manifest(dataset: Dataset): object {
  return {
    title: STREAM_TITLES[dataset],
    type: 'logs',
    elasticsearch: {
      index_template: { settings: { index: { mapping: { total_fields: { limit: FIELD_LIMIT } } } }, mappings: { dynamic: false } },
    },
  }
}

/** Steps of the pipeline without Fleet that Fleet takes itself: it sets the arrival time and calls custom pipelines. */
const STEPS_OF_FLEET: ReadonlySet<string> = new Set(['set-ingested', 'pipeline-custom'])

interface Pipeline {
  readonly processors: readonly Readonly<Record<string, { readonly tag: string }>>[]
}

function ingestPipeline(dataset: Dataset): object {
  const [{ processors }] = Object.values(elasticTemplates().pipelines) as Pipeline[]
  return {
    description: `Data stream of ${dataset} events`,
    processors: processors.filter(processor => Object.values(processor).every(({ tag }) => !STEPS_OF_FLEET.has(tag))),
    on_failure: [
      { set: { tag: 'set-kind', field: 'event.kind', value: 'pipeline_error' } },
      {
        append: {
          tag: 'append-error',
          field: 'error.message',
          value:
            "Processor '{{{_ingest.on_failure_processor_type}}}' with tag '{{{_ingest.on_failure_processor_tag}}}' in pipeline '{{{_ingest.pipeline}}}' failed with message '{{{_ingest.on_failure_message}}}'",
        },
      },
    ],
  }
}

/** The fields of a dataset as the package has them in files: those of the data stream, of ECS, and ours. */
function fieldFiles(dataset: Dataset): readonly { readonly name: string; readonly fields: readonly object[] }[] {
  const own = fieldsOf(dataset)
  const base = own.filter(isBase).map(field => packageField(field, dataset))
  const ecs = own.filter(field => !isBase(field) && field.source === 'ecs').map(field => packageField(field, dataset))
  const custom = own.filter(({ source }) => source === 'wardwire').map(field => packageField(field, dataset))
  const files = [
    { name: 'base-fields', fields: base },
    { name: 'ecs', fields: ecs },
    { name: 'fields', fields: custom },
  ]
  return files.filter(({ fields }) => fields.length > 0)
}

export function fieldsOf(dataset: Dataset): readonly Field[] {
  return [...catalogue().values()].filter(({ datasets }) => datasets.includes(dataset))
}

function isBase({ name }: Field): boolean {
  return name === '@timestamp' || name.startsWith('data_stream.')
}

/** A field of the catalogue as package specification 3 has it. A malformed value costs the field and never the event. */
export function packageField({ name, type, description, array }: Field, dataset: Dataset): object {
  return {
    name,
    type,
    description,
    ...constantOf(name, dataset),
    ...(type === 'keyword' ? { ignore_above: IGNORE_ABOVE } : {}),
    ...(MALFORMABLE.has(type) && name !== '@timestamp' ? { ignore_malformed: true } : {}),
    ...(array ? { normalize: ['array'] } : {}),
  }
}

const MALFORMABLE: ReadonlySet<string> = new Set(['long', 'float', 'boolean', 'date', 'ip'])

function constantOf(name: string, dataset: Dataset): object {
  if (name === 'data_stream.type') return { value: 'logs' }
  return name === 'data_stream.dataset' ? { value: dataset } : {}
}
