/** What the synthetic patients of every recording are marked with: nothing of it may leave the sensor. */
export const MARKERS = ['WWPHI', '19110213', '1.2.826.0.1.3680043.10.1.77777'] as const

/** Markers in `bytes`, in whichever of the encodings that files of ours use. */
export function markersIn(bytes: Buffer): readonly string[] {
  const upper = bytes.toString('latin1').toUpperCase()
  return MARKERS.filter(
    marker =>
      upper.includes(marker) ||
      bytes.includes(Buffer.from(marker, 'utf16le')) ||
      upper.includes(Buffer.from(marker).toString('hex').toUpperCase()),
  )
}
