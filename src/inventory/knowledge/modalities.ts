/**
 * Device types by modality, the defined terms of PS3.3 C.7.3.1.1.1. Terms for documents and derived objects (SR, KO, PR, SEG, DOC, OT,
 * SC …) name no device and are left out.
 */
export const TYPE_OF_MODALITY: ReadonlyMap<string, string> = new Map([
  ['CT', 'CT'],
  ['MR', 'MR'],
  ['US', 'ultrasound'],
  ['IVUS', 'intravascular ultrasound'],
  ['CR', 'computed radiography'],
  ['DX', 'digital radiography'],
  ['MG', 'mammography'],
  ['XA', 'angiography'],
  ['RF', 'fluoroscopy'],
  ['NM', 'gamma camera'],
  ['PT', 'PET'],
  ['ES', 'endoscopy'],
  ['XC', 'photography'],
  ['GM', 'microscope'],
  ['SM', 'slide scanner'],
  ['IO', 'dental x-ray'],
  ['PX', 'panoramic x-ray'],
  ['BMD', 'bone densitometer'],
  ['OP', 'ophthalmic camera'],
  ['OPT', 'ophthalmic tomograph'],
  ['OPM', 'ophthalmic mapper'],
  ['OAM', 'ophthalmic measurement'],
  ['OCT', 'optical coherence tomograph'],
  ['ECG', 'electrocardiograph'],
  ['EPS', 'electrophysiology'],
  ['HD', 'hemodynamics'],
  ['RTIMAGE', 'radiotherapy'],
  ['RTRECORD', 'radiotherapy'],
])

/** Words in a model or product name that say what the device is, with the maker's product line they come from. */
export const TYPE_OF_MODEL: readonly { readonly pattern: RegExp; readonly type: string; readonly source: string }[] = [
  {
    pattern: /infus(?:ion|omat)|\bpump\b|perfusor|alaris|plum ?(?:360|a\+)|sigma spectrum|agilia/i,
    type: 'infusion pump',
    source: 'product names in ICSMA advisories',
  },
  {
    pattern: /ventilator|evita|servo-?[iu]\b|puritan bennett|hamilton-[cgt]\d/i,
    type: 'ventilator',
    source: 'product names of the makers',
  },
  {
    pattern: /intellivue|carescape|infinity (?:delta|acute)|benevision|patient monitor|\bcms8000\b/i,
    type: 'patient monitor',
    source: 'product names in ICSMA advisories',
  },
  { pattern: /anesthesia|aisys|perseus|apollo anae/i, type: 'anesthesia machine', source: 'product names of the makers' },
  { pattern: /dialy[sz]|\b5008s?\b|\b4008s?\b/i, type: 'dialysis machine', source: 'product names of the makers' },
  {
    pattern: /cobas|analy[sz]er|architect|sysmex x|immulite|\babl ?\d{2,3}\b/i,
    type: 'lab analyzer',
    source: 'product names of the makers',
  },
]
