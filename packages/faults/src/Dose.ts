/**
 * How much of a fault there is: the full dose, or a short one where a machine
 * has no time for it (`FAULTS_DOSE=short`, or `test:faults --short`).
 */

/** The full dose, or the short one. */
export const dose = (full: number, short: number): number => process.env.FAULTS_DOSE === "short" ? short : full
