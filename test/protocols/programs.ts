/** A DOS header that says where the PE header stands, and one there. */
export function portableExecutable(offset = 0x80, signature = 'PE\0\0'): Buffer {
  const bytes = Buffer.alloc(offset + 64)
  bytes.write('MZ', 0, 'latin1')
  bytes.writeUInt32LE(offset, 0x3c)
  bytes.write(signature, offset, 'latin1')
  return bytes
}
