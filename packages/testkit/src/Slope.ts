/** A measurement at a time, in milliseconds. */
export interface Measurement {
  readonly at: number
  readonly bytes: number
}

/** Bytes a minute, by least squares; 0 for fewer than two measurements. */
export const slopePerMinute = (measurements: ReadonlyArray<Measurement>): number => {
  if (measurements.length < 2) return 0
  const meanAt = measurements.reduce((sum, { at }) => sum + at, 0) / measurements.length
  const meanBytes = measurements.reduce((sum, { bytes }) => sum + bytes, 0) / measurements.length
  const over = measurements.reduce((sum, { at, bytes }) => sum + (at - meanAt) * (bytes - meanBytes), 0)
  const under = measurements.reduce((sum, { at }) => sum + (at - meanAt) ** 2, 0)
  return over / under * 60_000
}
