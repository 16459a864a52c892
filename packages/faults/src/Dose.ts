/**
 * How much of a fault there is: the full dose, or a short one where a machine
 * has no time for it (`FAULTS_DOSE=short`, or `test:faults --short`).
 */

/** Whether this run gives the short doses. */
export const isShort = process.env.FAULTS_DOSE === "short"

/** The full dose, or the short one. */
export const dose = (full: number, short: number): number => isShort ? short : full
