const LONGEST = 60 // seconds, beyond which somebody was away
const N_LAST = 30
const MIN_N = 8 // decisions below which nothing is said

/** The moments of decisions in this sitting, in seconds, the oldest first. */
export type Moments = readonly number[]

export const addMoment = (moments: Moments, now: number): Moments => [...moments, now].slice(-200)

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)] ?? 0
  const lower = sorted[Math.ceil(middle) - 1] ?? upper
  return (lower + upper) / 2
}

/** Seconds between decisions, typically; null before there are eight. */
export const pace = (moments: Moments): number | null => {
  if (moments.length < MIN_N) return null
  const times = moments.slice(1).map((moment, i) => moment - (moments[i] ?? moment))
  const active = times.filter((time) => time <= LONGEST).slice(-N_LAST)
  return active.length === 0 ? null : median(active)
}

/** How many decisions the pace is of. */
export const nOfPace = (moments: Moments): number => Math.min(N_LAST, Math.max(0, moments.length - 1))
