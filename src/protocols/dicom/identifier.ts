import type { DicomOperation } from '../observation.ts'
import { escapeLength, isWideEscape } from './character-set.ts'
import { type Element, ENTER_ALL, type Encoding, walkDataset } from './dataset.ts'
import { keywordOf, Tag } from './tags.ts'
import { textValue, textValues } from './text.ts'
import { queryModel } from './uids.ts'

type Query = NonNullable<DicomOperation['query']>

/** What a query identifier asks for: names of keys, never their values. */
export interface QueryHead {
  readonly query: Query
  readonly modalities: readonly string[]
}

const MAX_KEYS = 128
/** Keys that say how to answer, not what to look for. */
const NOT_NARROWING: ReadonlySet<number> = new Set([
  Tag.SPECIFIC_CHARACTER_SET,
  Tag.QUERY_RETRIEVE_LEVEL,
  0x00080053,
  0x00080054,
  0x00080201,
])

/**
 * The identifier of a C-FIND, C-MOVE or C-GET (PS3.4 §C.2.2): keys with and without a value. `universal` when nothing narrows the
 * answer: every value is empty or only `*`.
 */
export function readQuery(data: Buffer, to: number, encoding: Encoding, sopClass: string): QueryHead {
  const keys: string[] = []
  const matchingKeys: string[] = []
  const modalities: string[] = []
  let level: string | undefined
  let wildcard = false
  let narrowed = false
  const visit = ({ tag, vr, from, length }: Element): void => {
    if (tag === Tag.QUERY_RETRIEVE_LEVEL) level = textValue(data, from, Math.min(length, to - from), undefined)
    if (NOT_NARROWING.has(tag) || keys.length >= MAX_KEYS) return
    const keyword = keywordOf(tag)
    if (!keys.includes(keyword)) keys.push(keyword)
    if (vr === 'SQ' || length === 0 || length > to - from) return
    const matching = matchOf(data, from, length)
    if (matching === 'none') return
    if (!matchingKeys.includes(keyword)) matchingKeys.push(keyword)
    if (matching !== 'exact' && vr !== 'UI') wildcard = true
    if (matching !== 'everything') narrowed = true
    if (tag === Tag.MODALITY || tag === Tag.MODALITIES_IN_STUDY) modalities.push(...textValues(data, from, length))
  }
  walkDataset(data, to, encoding, ENTER_ALL, visit)
  return { query: { level, model: queryModel(sopClass), keys, matchingKeys, wildcard, universal: !narrowed }, modalities }
}

/** How a value narrows (PS3.4 §C.2.2.2): padding only, `*` only, with wildcards, or exactly. Halves of kanji may look like wildcards. */
function matchOf(data: Buffer, from: number, length: number): 'none' | 'everything' | 'wildcard' | 'exact' {
  let stars = 0
  let marks = 0
  let others = 0
  let isWide = false
  for (let at = from; at < from + length; at++) {
    const byte = data[at]
    const switching = escapeLength(data, at)
    if (switching > 0) {
      isWide = isWideEscape(data, at, switching)
      at += switching - 1
    } else if (isWide) others++
    else if (byte === 0x2a) stars++
    else if (byte === 0x3f) marks++
    else if (byte !== 0x20 && byte !== 0) others++
  }
  if (stars + marks + others === 0) return 'none'
  if (marks + others === 0) return 'everything'
  return stars + marks > 0 ? 'wildcard' : 'exact'
}
