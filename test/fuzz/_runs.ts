const LONG = process.env["LONG"] !== undefined;

/** The part of all runs that is run; the rest is for the long run. */
const PART = Number(process.env["FUZZ"] ?? (LONG ? 1 : 0.001));

export const SEED: number = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);

/** Long runs take longer than a test may. */
export const TIMEOUT: number = LONG ? 4 * 3_600_000 : 60_000;

export const share = (all: number): number => Math.ceil(all * PART);
