import { expect, test, vi } from 'vitest'
import { takeToken } from './token'

const place = (hash: string, kept: string | null = null) => ({
  location: { hash, pathname: '/', search: '' },
  history: { replaceState: vi.fn() },
  sessionStorage: { getItem: () => kept, setItem: vi.fn() },
})

test('a token of the fragment is kept for this tab and leaves the address bar', () => {
  const window = place('#token=a%2Bb')
  expect(takeToken(window)).toBe('a+b')
  expect(window.sessionStorage.setItem).toHaveBeenCalledWith('skal.token', 'a+b')
  expect(window.history.replaceState).toHaveBeenCalledWith(null, '', '/#/')
})

test('a screen may follow the token', () => {
  const window = place('#token=abc&/p/x/label')
  takeToken(window)
  expect(window.history.replaceState).toHaveBeenCalledWith(null, '', '/#/p/x/label')
})

test('without one in the fragment, the one of this tab holds', () => {
  expect(takeToken(place('#/', 'kept'))).toBe('kept')
  expect(takeToken(place(''))).toBeNull()
})
