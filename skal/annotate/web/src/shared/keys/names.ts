import type { TFunction } from 'i18next'
import type { en } from '../i18n/locales/en'

type Named = keyof typeof en.keys.names

/** What an action is called. */
export const nameOfAction = (t: TFunction, id: string): string =>
  id.startsWith('label.') ? t('keys.label', { n: id.slice(6) }) : t(`keys.names.${id as Named}`)
