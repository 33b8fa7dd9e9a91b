import { expect, test } from 'vitest'
import { addMoment, nOfPace, pace } from './rate'

const every = (n: number, seconds: number) => Array.from({ length: n }, (_, i) => i * seconds)

test('nothing is said before eight decisions', () => {
  expect(pace(every(7, 2))).toBeNull()
  expect(pace(every(8, 2))).toBe(2)
})

test('who was away is not slower for it', () => {
  expect(pace([...every(8, 2), 1000, 1002])).toBe(2)
})

test('the last thirty decisions count', () => {
  const moments = [...every(40, 10), ...every(31, 1).map((moment) => 391 + moment)]
  expect(pace(moments)).toBe(1)
  expect(nOfPace(moments)).toBe(30)
})

test('moments are kept within limits', () => {
  expect(every(500, 1).reduce<readonly number[]>(addMoment, [])).toHaveLength(200)
})
