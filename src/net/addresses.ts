/** Text forms of addresses. Made on demand only: nothing here is on the path of a packet. */

/** `10.0.0.1` of a 32-bit address. */
export function formatIpv4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`
}

/** RFC 5952 form of four 32-bit words. */
export function formatIpv6(a: number, b: number, c: number, d: number): string {
  const groups = [a, b, c, d].flatMap(word => [(word >>> 16) & 0xffff, word & 0xffff])
  let bestStart = -1
  let bestLength = 1
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (start + length < 8 && groups[start + length] === 0) length++
    if (length > bestLength) {
      bestStart = start
      bestLength = length
    }
  }
  const hex = (part: readonly number[]): string => part.map(group => group.toString(16)).join(':')
  if (bestStart < 0) return hex(groups)
  return `${hex(groups.slice(0, bestStart))}::${hex(groups.slice(bestStart + bestLength))}`
}

/** `AA-BB-CC-DD-EE-FF` of the upper 16 and lower 32 bits; undefined for no address. */
export function formatMac(high: number, low: number): string | undefined {
  if (high < 0) return undefined
  return [high >>> 8, high & 255, low >>> 24, (low >>> 16) & 255, (low >>> 8) & 255, low & 255]
    .map(byte => byte.toString(16).toUpperCase().padStart(2, '0'))
    .join('-')
}
