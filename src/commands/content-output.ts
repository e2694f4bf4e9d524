import type { OutputSettings } from '../outputs/index.ts'
import type { Settings } from '../settings.ts'
import { WardwireError } from '../telemetry/error.ts'

type OutputOf<Type extends OutputSettings['type']> = Extract<OutputSettings, { readonly type: Type }>

/**
 * Name and settings of the output whose receiver gets content: the only one of a type, or the one that is named. Throws `content_output`,
 * with `mend` where there is none.
 */
export function chosenOutput<Type extends OutputSettings['type']>(
  settings: Settings,
  type: Type,
  wanted: string | undefined,
  mend: string,
): readonly [string, OutputOf<Type>] {
  const found = Object.entries(settings.outputs).filter((entry): entry is [string, OutputOf<Type>] => entry[1].type === type)
  const names = found.map(([name]) => name).join(', ')
  const chosen = wanted === undefined ? found : found.filter(([name]) => name === wanted)
  if (chosen.length === 1) return chosen[0]
  if (found.length === 0) throw new WardwireError('content_output', `the configuration has no output of type ${type}`, { mend })
  if (wanted === undefined)
    throw new WardwireError('content_output', `several outputs are of type ${type}: ${names}`, { mend: 'name one with --output' })
  throw new WardwireError('content_output', `no output of type ${type} is called ${wanted}`, { mend: `there are: ${names}` })
}
