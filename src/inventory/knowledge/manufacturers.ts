/** A known maker of medical devices, found under one of the spellings in use. */
export interface Manufacturer {
  readonly name: string
  /** The row, as `evidence.table` shows it. */
  readonly row: string
}

interface Row {
  readonly name: string
  /** Key forms (see `keyOf`) that are this maker, as the whole value or its first words. */
  readonly aliases: readonly string[]
  /** Where these spellings are found: (0008,0070) of conformance statements, the IEEE registry, CISA advisories. */
  readonly source: string
}

const DICOM = '(0008,0070) in public conformance statements'
const IEEE = 'IEEE OUI registry'
const CISA = 'CISA CSAF medical advisories (ICSMA)'

const ROWS: readonly Row[] = [
  {
    name: 'GE HealthCare',
    aliases: ['ge medical', 'ge healthcare', 'ge', 'general electric medical', 'gems', 'ge vingmed', 'ge omega', 'corometrics medical'],
    source: DICOM,
  },
  {
    name: 'Siemens Healthineers',
    aliases: [
      'siemens',
      'siemens healthineers',
      'siemens medical',
      'siemens nm',
      'siemens healthcare',
      'siemens ag medical',
      'siemens ag healthcare',
    ],
    source: DICOM,
  },
  {
    name: 'Philips',
    aliases: ['philips', 'philips medical', 'philips healthcare', 'phillips', 'philips nuclear', 'philips ultrasound', 'philips patient'],
    source: `${DICOM}; ${CISA}`,
  },
  {
    name: 'Canon Medical Systems',
    aliases: ['canon medical', 'canon mec', 'toshiba', 'toshiba mec', 'toshiba medical', 'toshiba mec us'],
    source: DICOM,
  },
  {
    name: 'Fujifilm',
    aliases: ['fujifilm', 'fuji film', 'fuji photo film', 'fujifilm healthcare', 'fujifilm sonosite', 'sonosite'],
    source: `${DICOM}; ${IEEE}`,
  },
  { name: 'Hitachi', aliases: ['hitachi medical', 'hitachi aloka', 'aloka', 'hitachi healthcare'], source: `${DICOM}; ${IEEE}` },
  { name: 'Hologic', aliases: ['hologic', 'lorad'], source: DICOM },
  { name: 'Carestream Health', aliases: ['carestream', 'kodak', 'eastman kodak'], source: `${DICOM}; ${IEEE}; ${CISA}` },
  { name: 'Agfa HealthCare', aliases: ['agfa', 'agfa gevaert', 'agfa healthcare'], source: DICOM },
  { name: 'Samsung Medison', aliases: ['samsung medison', 'medison', 'samsung electronics healthcare'], source: DICOM },
  { name: 'Mindray', aliases: ['mindray', 'shenzhen mindray bio', 'mindray ds usa', 'zonare'], source: `${DICOM}; ${IEEE}` },
  { name: 'Esaote', aliases: ['esaote'], source: `${DICOM}; ${IEEE}` },
  { name: 'Shimadzu', aliases: ['shimadzu'], source: `${DICOM}; ${IEEE}` },
  { name: 'Konica Minolta', aliases: ['konica minolta', 'konicaminolta'], source: `${DICOM}; ${IEEE}` },
  { name: 'Varian', aliases: ['varian', 'varian medical', 'varian imaging'], source: `${DICOM}; ${IEEE}` },
  { name: 'Elekta', aliases: ['elekta'], source: DICOM },
  { name: 'Accuray', aliases: ['accuray', 'tomotherapy'], source: DICOM },
  { name: 'United Imaging', aliases: ['uih', 'united imaging'], source: DICOM },
  { name: 'Neusoft Medical', aliases: ['neusoft'], source: DICOM },
  { name: 'Ziehm Imaging', aliases: ['ziehm'], source: DICOM },
  { name: 'Planmeca', aliases: ['planmeca'], source: `${DICOM}; ${IEEE}` },
  { name: 'Carl Zeiss Meditec', aliases: ['carl zeiss meditec', 'zeiss'], source: DICOM },
  { name: 'Heidelberg Engineering', aliases: ['heidelberg engineering'], source: DICOM },
  { name: 'Topcon', aliases: ['topcon', 'topcon corporation'], source: DICOM },
  { name: 'Olympus', aliases: ['olympus', 'olympus corporation'], source: DICOM },
  { name: 'Karl Storz', aliases: ['karl storz', 'storz'], source: DICOM },
  { name: 'Sectra', aliases: ['sectra'], source: DICOM },
  { name: 'Merge Healthcare', aliases: ['merge', 'merge healthcare', 'merge technologies'], source: `${DICOM}; ${CISA}` },
  { name: 'Dräger', aliases: ['draeger', 'drager', 'draegerwerk', 'dragerwerk', 'draeger medical'], source: `${IEEE}; ${CISA}` },
  { name: 'Baxter', aliases: ['baxter', 'hillrom', 'hill rom', 'welch allyn'], source: `${IEEE}; ${CISA}` },
  { name: 'B. Braun', aliases: ['b braun', 'bbraun', 'b braun melsungen'], source: CISA },
  { name: 'BD', aliases: ['bd', 'becton dickinson', 'becton', 'carefusion', 'alaris'], source: `${IEEE}; ${CISA}` },
  { name: 'ICU Medical', aliases: ['icu medical', 'hospira', 'smiths medical', 'smiths us innovation'], source: `${IEEE}; ${CISA}` },
  { name: 'Fresenius', aliases: ['fresenius', 'fresenius kabi', 'fresenius medical care', 'fresenius vial'], source: `${IEEE}; ${CISA}` },
  { name: 'Medtronic', aliases: ['medtronic', 'covidien'], source: `${IEEE}; ${CISA}` },
  { name: 'Abbott', aliases: ['abbott', 'st jude medical'], source: `${IEEE}; ${CISA}` },
  { name: 'Roche Diagnostics', aliases: ['roche', 'roche diagnostics'], source: `${IEEE}; ${CISA}` },
  { name: 'Beckman Coulter', aliases: ['beckman coulter', 'beckman lab'], source: IEEE },
  { name: 'Sysmex', aliases: ['sysmex'], source: IEEE },
  { name: 'Masimo', aliases: ['masimo'], source: IEEE },
  { name: 'Nihon Kohden', aliases: ['nihon kohden'], source: IEEE },
  { name: 'Spacelabs Healthcare', aliases: ['spacelabs'], source: `${IEEE}; ${CISA}` },
  { name: 'Hamilton Medical', aliases: ['hamilton medical'], source: CISA },
  { name: 'Getinge', aliases: ['getinge', 'maquet'], source: IEEE },
  { name: 'ZOLL', aliases: ['zoll', 'zoll lifecor', 'zoll medical'], source: `${IEEE}; ${CISA}` },
  { name: 'Edan Instruments', aliases: ['edan'], source: IEEE },
  { name: 'Contec', aliases: ['contec medical', 'contec health'], source: CISA },
  { name: 'Terumo', aliases: ['terumo'], source: IEEE },
  { name: 'Stryker', aliases: ['stryker'], source: `${DICOM}; ${IEEE}` },
  { name: 'Intuitive Surgical', aliases: ['intuitive surgical'], source: IEEE },
  { name: 'bioMérieux', aliases: ['biomerieux'], source: IEEE },
  { name: 'Bio-Rad', aliases: ['bio rad'], source: IEEE },
  { name: 'Leica Biosystems', aliases: ['leica biosystems'], source: `${DICOM}; ${IEEE}` },
  { name: 'Breas Medical', aliases: ['breas medical'], source: IEEE },
  { name: 'Nonin Medical', aliases: ['nonin medical'], source: IEEE },
  { name: 'Huntleigh Healthcare', aliases: ['huntleigh healthcare'], source: IEEE },
  { name: 'Mennen Medical', aliases: ['mennen medical'], source: IEEE },
  { name: 'Capsule Technologies', aliases: ['capsule', 'capsule technologie', 'capsule tech', 'qualcomm life'], source: CISA },
]

const BY_ALIAS = new Map(ROWS.flatMap(row => row.aliases.map(alias => [alias, row] as const)))
const LONGEST_ALIAS_WORDS = Math.max(...[...BY_ALIAS.keys()].map(alias => alias.split(' ').length))

/** Words that follow the name of a company without making it another one's: forms, branches and countries. */
const OF_COMPANIES: ReadonlySet<string> = new Set(
  (
    'inc llc lp co company corp corporation ltd limited plc gmbh ag se kg kgaa sa sas spa s p a srl bv b v nv n ab oy kk k as aps ' +
    'group holding international global europe america americas north usa us uk deutschland france japan nederland china ' +
    'medical medizintechnik healthcare healthineers systems solutions technologies technology devices products diagnostics imaging ' +
    'ultrasound informatics patient monitoring and of the'
  ).split(' '),
)

/**
 * The maker behind a spelling: the longest alias that is the whole value or its first words. `network` is stricter, for names in the IEEE
 * registry, where `Siemens` is mostly not the medical company; so is `organization`, for names that may be a hospital's: `Baxter Regional
 * Hospital` makes nothing.
 */
export function manufacturerOf(text: string, registry: 'medical' | 'network' | 'organization' = 'medical'): Manufacturer | undefined {
  const words = keyOf(text).split(' ')
  for (let length = Math.min(words.length, LONGEST_ALIAS_WORDS); length > 0; length--) {
    const alias = words.slice(0, length).join(' ')
    const row = BY_ALIAS.get(alias)
    if (row === undefined || (registry === 'network' && !row.source.includes(IEEE) && length < 2)) continue
    if (registry === 'organization' && !words.slice(length).every(word => OF_COMPANIES.has(word))) continue
    return { name: row.name, row: `manufacturer:${alias} (${row.source})` }
  }
  return undefined
}

/** Lower case, without accents, punctuation or runs of blanks. */
function keyOf(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim()
}
