import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { de } from './locales/de'
import { en } from './locales/en'
import { pseudo } from './pseudo'

export const LANGUAGES = ['en', 'de', 'pseudo'] as const
export type Language = (typeof LANGUAGES)[number]

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en }
  }
}

/** The language of the browser, if the app speaks it, else English. */
export const browserLanguage = (languages: readonly string[]): Language =>
  languages.some((language) => language.toLowerCase().startsWith('de')) &&
  !languages[0]?.toLowerCase().startsWith('en')
    ? 'de'
    : 'en'

export const startI18n = (language: Language): void => {
  void i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    resources: {
      en: { translation: en },
      de: { translation: de },
      pseudo: { translation: pseudo(en) },
    },
    interpolation: { escapeValue: false }, // React shows text as text
    initAsync: false,
  })
  setDocumentLanguage(language)
}

export const changeLanguage = (language: Language): void => {
  void i18next.changeLanguage(language)
  setDocumentLanguage(language)
}

const setDocumentLanguage = (language: Language) => {
  document.documentElement.lang = localeOf(language)
}

/** The locale by which numbers and dates are written. */
export const localeOf = (language: string): string => (language === 'de' ? 'de' : 'en')
