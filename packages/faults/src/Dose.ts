/**
 * How long a fault lasts: in full, or shortened for continuous integration (`FAULTS_DOSE=short`, or `test:faults
 * --short`).
 */

/** The full value, or the short one. */
export const dose = (full: number, short: number): number => process.env.FAULTS_DOSE === "short" ? short : full
