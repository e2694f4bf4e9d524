/** True when `length` bytes of one view are those of another; both must hold that many. Four bytes at a time: for what is compared all day. */
export function equalBytes(left: DataView, leftAt: number, right: DataView, rightAt: number, length: number): boolean {
  const words = length - 3
  let index = 0
  for (; index < words; index += 4) if (left.getInt32(leftAt + index, true) !== right.getInt32(rightAt + index, true)) return false
  for (; index < length; index++) if (left.getUint8(leftAt + index) !== right.getUint8(rightAt + index)) return false
  return true
}
