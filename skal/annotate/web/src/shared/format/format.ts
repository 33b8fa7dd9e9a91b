/** Writes numbers as the language does. */
export const percent = (share: number, locale: string, digits = 0): string =>
  new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: digits }).format(share)

export const decimal = (value: number, locale: string, digits = 2): string =>
  new Intl.NumberFormat(locale, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value)

export const count = (value: number, locale: string): string =>
  new Intl.NumberFormat(locale).format(value)

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

export const bytes = (value: number, locale: string): string => {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)))
  const number = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 })
  return `${number.format(value / 1000 ** power)} ${UNITS[power]}`
}

const AGES: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
]

/** How long ago a moment was, such as "2 hours ago"; both in seconds since 1970. */
export const ago = (moment: number, now: number, locale: string): string => {
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const age = Math.max(0, now - moment)
  const [unit, seconds] = AGES.find(([, length]) => age >= length) ?? ['second', 1]
  return format.format(unit === 'second' ? 0 : -Math.round(age / seconds), unit)
}

export type Span = { unit: 'seconds' | 'minutes' | 'hours'; n: number }

/** A duration in the unit that people would use. */
export const span = (seconds: number): Span => {
  if (seconds < 90) return { unit: 'seconds', n: Math.max(1, Math.round(seconds)) }
  if (seconds < 5400) return { unit: 'minutes', n: Math.round(seconds / 60) }
  return { unit: 'hours', n: Math.round(seconds / 360) / 10 }
}
