import { expect, test } from 'vitest'
import { readPreferences, type Preferences } from './store'

const first: Preferences = {
  language: 'en',
  theme: 'auto',
  motion: 'auto',
  painter: 'auto',
  showsPredictions: true,
  showsWhy: true,
  keys: {},
}

test('what another version has kept is used as far as it goes', () => {
  const kept = { language: 'xx', theme: 'dark', keys: { skip: ['k'], undo: 5 }, showsWhy: false }
  expect(readPreferences(kept, first)).toEqual({
    ...first,
    theme: 'dark',
    showsWhy: false,
    keys: { skip: ['k'] },
  })
  expect(readPreferences(null, first)).toBe(first)
})
