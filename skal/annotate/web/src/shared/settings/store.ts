import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'
import { browserLanguage, LANGUAGES, type Language } from '../i18n'
import type { Overrides } from '../keys/model'

export const THEMES = ['auto', 'light', 'dark'] as const
export const MOTIONS = ['auto', 'reduced'] as const
export const PAINTERS = ['auto', 'card', 'processor'] as const
export type Theme = (typeof THEMES)[number]
export type Motion = (typeof MOTIONS)[number]
/** What draws images: the graphics card, or the processor where a driver misbehaves. */
export type PainterChoice = (typeof PAINTERS)[number]

/** What somebody likes, on this computer. */
export type Preferences = {
  language: Language
  theme: Theme
  motion: Motion
  painter: PainterChoice
  showsPredictions: boolean
  showsWhy: boolean
  keys: Overrides
}

const first = (): Preferences => ({
  language: browserLanguage(navigator.languages),
  theme: 'auto',
  motion: 'auto',
  painter: 'auto',
  showsPredictions: true,
  showsWhy: true,
  keys: {},
})

const oneOf = <T extends string>(values: readonly T[], value: unknown, otherwise: T): T =>
  values.find((known) => known === value) ?? otherwise

const isBindings = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((binding) => typeof binding === 'string')

/** What was kept, where it can be used: another version may have written it. */
export const readPreferences = (kept: unknown, otherwise: Preferences): Preferences => {
  if (typeof kept !== 'object' || kept === null) return otherwise
  const value = kept as Record<string, unknown>
  const keys = Object.entries(value['keys'] ?? {}).filter(([, bound]) => isBindings(bound))
  return {
    language: oneOf(LANGUAGES, value['language'], otherwise.language),
    theme: oneOf(THEMES, value['theme'], otherwise.theme),
    motion: oneOf(MOTIONS, value['motion'], otherwise.motion),
    painter: oneOf(PAINTERS, value['painter'], otherwise.painter),
    showsPredictions: value['showsPredictions'] !== false,
    showsWhy: value['showsWhy'] !== false,
    keys: Object.fromEntries(keys) as Overrides,
  }
}

export const usePreferences = create<Preferences>()(
  persist(first, {
    name: 'skal.preferences',
    version: 1,
    storage: createJSONStorage(() => localStorage),
    merge: (kept, now) => readPreferences(kept, now),
  }),
)

export const prefer = (changes: Partial<Preferences>): void => {
  usePreferences.setState(changes)
}
