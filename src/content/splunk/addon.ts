import type { ContentContext, ContentFile } from '../builder.ts'
import { appFiles, confFiles } from './app-files.ts'
import { type CefSource, cefAliases, cefFields, labelledKeys, RESERVED, RESERVED_PREFIX } from './cef-fields.ts'
import { type CimModel, cimFields, cimModels, type FieldReader, JSON_FIELDS } from './cim.ts'
import { type Conf, type ConfSettings, formatCsv, mergeConf } from './conf.ts'
import { addonReadme } from './readme.ts'
import { readSource } from './source.ts'

export const ADDON_ID = 'TA-wardwire'
export const JSON_SOURCETYPE = 'wardwire:json'
export const CEF_SOURCETYPE = 'wardwire:cef'
/** Sourcetype that Splunk for OT Security takes alerts from. */
export const OT_SOURCETYPE = 'otsec:alert'

/** `dashboards/splunk/addon.yml`. */
interface AddonSource {
  readonly description: string
  readonly fields: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, readonly string[]>>
  readonly cef: CefSource
  readonly lookups: Readonly<Record<string, LookupTable>>
}

interface LookupTable {
  readonly file: string
  /** The first has the names of the columns. */
  readonly rows: readonly (readonly (string | number)[])[]
}

/** The add-on: parsing, event types and CIM fields. Belongs on search heads, and where events are parsed. */
export function addonFiles({ version }: ContentContext): readonly ContentFile[] {
  const source = readSource<AddonSource>('addon.yml')
  return [
    ...appFiles(
      {
        id: ADDON_ID,
        title: 'Add-on for wardwire',
        description: source.description,
        version,
        visible: false,
        workloads: ['_search_heads', '_indexers', '_forwarders'],
        customConfs: [],
        dependencies: {},
      },
      addonReadme(version),
    ),
    ...confFiles(addonConfs()),
    ...Object.values(source.lookups).map(({ file, rows }) => ({ path: `lookups/${file}`, content: formatCsv(rows) })),
  ]
}

/** Configuration of the add-on, by the name of its file. */
export function addonConfs(): Readonly<Record<string, Conf>> {
  const source = readSource<AddonSource>('addon.yml')
  return {
    props: props(source),
    transforms: mergeConf(EXTRACTIONS, labelTransforms(), lookupTransforms(source)),
    eventtypes: eventtypes(),
    tags: tags(source),
  }
}

/** Names of the lookup tables of the add-on: `wardwire_severities.csv`, … */
export function addonLookupFiles(): readonly string[] {
  return Object.values(readSource<AddonSource>('addon.yml').lookups).map(({ file }) => file)
}

/** Name of the event type of a row of the model table: `wardwire_dicom`, `wardwire_asset_change`. */
export function eventtypeName({ dataset, actions, model }: CimModel): string {
  const name = dataset.replace('.', '_')
  return actions === undefined ? name : `${name}_${model.toLowerCase()}`
}

function eventtypes(): Conf {
  const sourcetypes = [JSON_SOURCETYPE, CEF_SOURCETYPE, OT_SOURCETYPE].map(name => `"${name}"`).join(', ')
  return Object.fromEntries(
    cimModels().map(row => {
      const actions = row.actions === undefined ? '' : ` event.action IN (${row.actions.map(action => `"${action}"`).join(', ')})`
      return [eventtypeName(row), { search: `sourcetype IN (${sourcetypes}) event.dataset="${row.dataset}"${actions}` }]
    }),
  )
}

function tags(source: AddonSource): Conf {
  return Object.fromEntries(
    cimModels().flatMap(row => {
      const names = [...row.tags, ...(source.tags[eventtypeName(row)] ?? [])]
      if (names.length === 0) return []
      return [[`eventtype=${eventtypeName(row)}`, Object.fromEntries(names.map(name => [name, 'enabled']))]]
    }),
  )
}

function props(source: AddonSource): Conf {
  const json = { KV_MODE: 'json', ...calculated(source, JSON_FIELDS) }
  return {
    [JSON_SOURCETYPE]: { ...JSON_PARSING, ...json },
    // Alerts that are given the sourcetype of OT Security keep their source, by which their fields are found.
    'source::wardwire.alert': json,
    [CEF_SOURCETYPE]: { ...CEF_PARSING, ...aliases(), ...calculated(source, cefFields(source.cef)) },
  }
}

/** One event a line; the time is that of the last packet. */
const JSON_PARSING: ConfSettings = {
  category: 'Network & Security',
  description: 'Events of wardwire sensors, ECS documents as JSON',
  pulldown_type: 'true',
  SHOULD_LINEMERGE: 'false',
  LINE_BREAKER: '([\\r\\n]+)',
  TIME_PREFIX: '"@timestamp":\\s*"',
  TIME_FORMAT: '%Y-%m-%dT%H:%M:%S.%6N%Z',
  MAX_TIMESTAMP_LOOKAHEAD: 32,
  TRUNCATE: 1000000,
}

const CEF_PARSING: ConfSettings = {
  category: 'Network & Security',
  description: 'Events of wardwire sensors as CEF, with or without a syslog header',
  pulldown_type: 'true',
  SHOULD_LINEMERGE: 'false',
  LINE_BREAKER: '([\\r\\n]+)',
  TIME_PREFIX: '\\srt=',
  TIME_FORMAT: '%s%3N',
  MAX_TIMESTAMP_LOOKAHEAD: 16,
  TRUNCATE: 65536,
  KV_MODE: 'none',
  'TRANSFORMS-wardwire': 'wardwire_cef_host',
  'REPORT-wardwire': 'wardwire_syslog_header, wardwire_cef_header, wardwire_cef_pairs, wardwire_cef_labels, wardwire_cef_reserved_labels',
}

/** A value of a CEF extension: escaped characters, or any that need no escape. It ends before the next key. */
const VALUE = '((?:\\\\.|[^\\\\=])*)'

const EXTRACTIONS: Conf = {
  wardwire_cef_host: { REGEX: '\\sdvchost=(\\S+)', DEST_KEY: 'MetaData:Host', FORMAT: 'host::$1' },
  // RFC 5424 §6: <PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA
  wardwire_syslog_header: {
    REGEX: '^(?:<(\\d{1,3})>)?1 (\\S+) (\\S+) (\\S+) (\\S+) (\\S+) ',
    FORMAT: 'syslog_priority::$1 syslog_time::$2 syslog_host::$3 syslog_app::$4 syslog_process::$5 syslog_message_id::$6',
  },
  // The sensor writes no pipe into a header value.
  wardwire_cef_header: {
    REGEX: 'CEF:(\\d+)\\|([^|]*)\\|([^|]*)\\|([^|]*)\\|([^|]*)\\|([^|]*)\\|(\\d+)\\|(.*)',
    FORMAT:
      'cef_version::$1 cef_vendor::$2 cef_product::$3 cef_product_version::$4 cef_class_id::$5 cef_name::$6 cef_severity::$7 cef_extension::$8',
  },
  wardwire_cef_pairs: { SOURCE_KEY: 'cef_extension', REGEX: `(?:^|\\s)(\\w+)=${VALUE}(?=\\s\\w+=|\\s*$)`, FORMAT: '$1::$2' },
  // Not used unless props.conf says so: see README.md, Splunk for OT Security.
  wardwire_ot_alerts: {
    REGEX: '"dataset":\\s*"wardwire\\.alert"',
    DEST_KEY: 'MetaData:Sourcetype',
    FORMAT: `sourcetype::${OT_SOURCETYPE}`,
  },
}

/** `cs1=CT01 cs1Label=calling_ae_title` → `calling_ae_title` with the value CT01. */
function labelTransforms(): Conf {
  const pair = `\\s(${labelledKeys().join('|')})=${VALUE}\\s\\1Label=`
  const reserved = `(?:${RESERVED.join('|')})(?=\\s|$)`
  return {
    wardwire_cef_labels: { SOURCE_KEY: 'cef_extension', REGEX: `${pair}(?!${reserved})(\\w+)`, FORMAT: '$3::$2' },
    wardwire_cef_reserved_labels: {
      SOURCE_KEY: 'cef_extension',
      REGEX: `${pair}(${reserved})`,
      FORMAT: `${RESERVED_PREFIX}$3::$2`,
    },
  }
}

function aliases(): ConfSettings {
  return Object.fromEntries(
    cefAliases().map(({ of, field, second }) => [`FIELDALIAS-${of}`, `${of} ${second ? 'ASNEW' : 'AS'} ${quoted(field)}`]),
  )
}

function calculated(source: AddonSource, reader: FieldReader): ConfSettings {
  const cim = cimFields(reader).flatMap(field => {
    if (field.kind === 'eval') return [[`EVAL-${field.cim}`, field.eval]]
    return field.of === field.cim ? [] : [[`FIELDALIAS-cim_${field.cim}`, `${quoted(field.of)} AS ${field.cim}`]]
  })
  const more = Object.entries(source.fields).map(([name, template]) => [`EVAL-${name}`, filled(template, reader)])
  return Object.fromEntries([...cim, ...more])
}

/** `{field}` of an expression as the events hold it. */
function filled(template: string, reader: FieldReader): string {
  return template.replace(/\{([^}]+)\}/g, (_, field: string) => reader.read(field)?.eval ?? 'null()')
}

/** Names with other characters than letters, digits and underscores stand in quotes. */
function quoted(name: string): string {
  return /^\w+$/.test(name) ? name : `"${name}"`
}

function lookupTransforms(source: AddonSource): Conf {
  return Object.fromEntries(
    Object.entries(source.lookups).map(([name, { file }]) => [name, { filename: file, case_sensitive_match: 'false', min_matches: 0 }]),
  )
}
