import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { localeOf } from '../i18n'
import { ago, bytes, count, decimal, percent, span } from './format'

/** The formats of numbers in the language of the screen. */
export const useFormat = () => {
  const { i18n, t } = useTranslation()
  return useMemo(() => {
    const locale = localeOf(i18n.language)
    return {
      ago: (moment: number) => ago(moment, Date.now() / 1000, locale),
      bytes: (value: number) => bytes(value, locale),
      count: (value: number) => count(value, locale),
      decimal: (value: number, digits?: number) => decimal(value, locale, digits),
      percent: (share: number, digits?: number) => percent(share, locale, digits),
      span: (seconds: number) => {
        const { unit, n } = span(seconds)
        return t(`units.${unit}`, { n: n.toLocaleString(locale) })
      },
    }
  }, [i18n.language, t])
}
