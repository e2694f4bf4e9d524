import type { Evaluate } from './expression.ts'
import { list, number, type Row, text, type Value } from './row.ts'

type SplFunction = (args: readonly Evaluate[], row: Row) => Value

/** A function of eval over values. */
const plain =
  (call: (...values: readonly Value[]) => Value): SplFunction =>
  (args, row) =>
    call(...args.map(arg => arg(row)))

const onText = (call: (value: string, ...more: readonly Value[]) => Value): SplFunction =>
  plain((first, ...more) => (text(first) === undefined ? null : call(text(first)!, ...more)))

/** What the content uses, and no more: anything else is an error. */
const FUNCTIONS: Readonly<Record<string, SplFunction>> = {
  true: () => true,
  false: () => false,
  null: () => null,
  now: (_, row) => number(row['_now']) ?? 0,
  if: ([condition, yes, no], row) => (condition(row) === true ? yes(row) : no(row)),
  case: (args, row) => {
    for (let index = 0; index + 1 < args.length; index += 2) if (args[index](row) === true) return args[index + 1](row)
    return null
  },
  coalesce: plain((...values) => values.find(value => list(value).length > 0) ?? null),
  isnull: plain(value => list(value).length === 0),
  isnotnull: plain(value => list(value).length > 0),
  round: plain((value, digits) => rounded(number(value), number(digits) ?? 0)),
  lower: onText(value => value.toLowerCase()),
  upper: onText(value => value.toUpperCase()),
  len: onText(value => value.length),
  replace: onText((value, pattern, by) => value.replace(new RegExp(text(pattern) ?? '', 'g'), replacement(text(by) ?? ''))),
  urldecode: onText(decodeURIComponent),
  split: onText((value, by) => value.split(text(by) ?? ',')),
  like: onText((value, pattern) => new RegExp(`^${(text(pattern) ?? '').replaceAll('%', '.*')}$`).test(value)),
  match: onText((value, pattern) => new RegExp(text(pattern) ?? '').test(value)),
  mvjoin: plain((values, by) => (list(values).length === 0 ? null : list(values).join(text(by) ?? ''))),
  mvappend: plain((...values) => values.flatMap(list)),
  mvcount: plain(values => list(values).length || null),
  mvindex: plain((values, at) => list(values).at(number(at) ?? 0) ?? null),
  mvfind: plain((values, pattern) => {
    const found = list(values).findIndex(value => splRegExp(text(pattern) ?? '').test(String(value)))
    return found < 0 ? null : found
  }),
  tonumber: plain(value => number(value) ?? null),
  tostring: plain(value => text(value) ?? null),
  strftime: plain((time, format) => (number(time) === undefined ? null : formatted(number(time)!, text(format) ?? ''))),
  strptime: onText(value => {
    const time = Date.parse(value)
    return Number.isNaN(time) ? null : time / 1000
  }),
  relative_time: plain((time, modifier) => relativeTime(number(time) ?? 0, text(modifier) ?? '')),
}

export function callFunction(name: string, args: readonly Evaluate[], row: Row): Value {
  const called = FUNCTIONS[name]
  if (called === undefined) throw new SyntaxError(`${name} is not a function that the content may use`)
  return called(args, row)
}

function rounded(value: number | undefined, digits: number): Value {
  return value === undefined ? null : Number(value.toFixed(digits))
}

/** A backslash stands for itself when it is doubled; dollars mean nothing. */
function replacement(text: string): string {
  return text.replaceAll('\\\\', '\\').replaceAll('$', '$$$$')
}

/** `(?i)` at the begin: case does not matter. */
function splRegExp(pattern: string): RegExp {
  return pattern.startsWith('(?i)') ? new RegExp(pattern.slice(4), 'i') : new RegExp(pattern)
}

function formatted(seconds: number, format: string): string {
  const iso = new Date(seconds * 1000).toISOString()
  return format.replace('%F', iso.slice(0, 10)).replace('%T', iso.slice(11, 19))
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** `now`, `-24h@h`: seconds before, then down to a whole unit. */
export function relativeTime(now: number, modifier: string): number {
  if (modifier === 'now' || modifier === '') return now
  const match = /^(?:([+-]\d+)([smhdw]))?(?:@([smhdw]))?$/.exec(modifier)
  if (match === null) throw new SyntaxError(`${modifier} is no time modifier`)
  const [, amount, unit, snap] = match
  const moved = amount === undefined ? now : now + Number(amount) * UNITS[unit]
  return snap === undefined ? moved : Math.floor(moved / UNITS[snap]) * UNITS[snap]
}
