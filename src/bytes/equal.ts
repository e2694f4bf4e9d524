/** True when `length` bytes of one view are those of another; both must hold that many. Eight bytes at a time: for what is compared all day. */
export function equalBytes(left: DataView, leftAt: number, right: DataView, rightAt: number, length: number): boolean {
  const pairs = length - 7
  let index = 0
  for (; index < pairs; index += 8) {
    const at = leftAt + index
    const other = rightAt + index
    const first = left.getInt32(at, true) ^ right.getInt32(other, true)
    if ((first | (left.getInt32(at + 4, true) ^ right.getInt32(other + 4, true))) !== 0) return false
  }
  for (; index < length; index++) if (left.getUint8(leftAt + index) !== right.getUint8(rightAt + index)) return false
  return true
}
