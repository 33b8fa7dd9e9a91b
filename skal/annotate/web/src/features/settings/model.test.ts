import { expect, test } from 'vitest'
import { wholeWithin } from './model'

test('a number is brought between its limits, and what is none is left', () => {
  expect(wholeWithin('12.4', 1, 100)).toBe(12)
  expect(wholeWithin(0, 1, 100)).toBe(1)
  expect(wholeWithin('1e9', 1, 100)).toBe(100)
  expect(wholeWithin('', 1, 100)).toBeNull()
})
