import { expect, test } from 'vitest'
import { ago, bytes, percent, span } from './format'

test('numbers are written as the language does', () => {
  expect(percent(0.413, 'en')).toBe('41%')
  expect(bytes(1_234_567, 'de')).toBe('1,23 MB')
  expect(bytes(0, 'en')).toBe('0 B')
})

test('moments are told by their age', () => {
  expect(ago(1000, 1010, 'en')).toBe('now')
  expect(ago(0, 7300, 'en')).toBe('2 hours ago')
  expect(ago(0, 86_400, 'de')).toBe('gestern')
})

test('durations have the unit that people would use', () => {
  expect(span(0.2)).toEqual({ unit: 'seconds', n: 1 })
  expect(span(150)).toEqual({ unit: 'minutes', n: 3 })
  expect(span(9000)).toEqual({ unit: 'hours', n: 2.5 })
})
