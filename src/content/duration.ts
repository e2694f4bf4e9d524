import Joi from 'joi'

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }
const DURATION = /^(\d+)([smhd])$/

/** A Joi schema that reads `90s`, `5m`, `1h` or `14d` as seconds. */
export function durationSchema(): Joi.Schema<number> {
  return Joi.any().custom((value: unknown, helpers) => {
    const parts = typeof value === 'string' ? DURATION.exec(value) : null
    return parts === null ? helpers.message({ custom: 'must be a time such as 90s, 5m, 1h or 14d' }) : Number(parts[1]) * SECONDS[parts[2]]
  })
}

/** `300` → `5m`: the largest unit that leaves a whole number. Days only where the product takes them. */
export function shortDuration(seconds: number, units: readonly string[] = ['h', 'm', 's']): string {
  const { value, unit } = wholeUnit(seconds, units)
  return `${value}${unit}`
}

export function wholeUnit(seconds: number, units: readonly string[] = ['h', 'm', 's']): { readonly value: number; readonly unit: string } {
  const unit = units.find(name => seconds % SECONDS[name] === 0) ?? 's'
  return { value: seconds / SECONDS[unit], unit }
}

const WORDS: Readonly<Record<string, string>> = { d: 'day', h: 'hour', m: 'minute', s: 'second' }

/** `300` → `5 minutes`. */
export function durationWords(seconds: number): string {
  const { value, unit } = wholeUnit(seconds, ['d', 'h', 'm', 's'])
  return `${value} ${WORDS[unit]}${value === 1 ? '' : 's'}`
}
