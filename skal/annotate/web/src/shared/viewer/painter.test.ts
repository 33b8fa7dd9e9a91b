import { expect, test } from 'vitest'
import type { Picture } from '../images/picture'
import { tableOf } from './canvas2d'
import { NEUTRAL, inverted } from './geometry'
import { isSmooth, limitsOf } from './painter'

const raw: Picture = {
  kind: 'raw',
  values: new Uint16Array(4),
  width: 2,
  height: 2,
  low: 0.2,
  high: 0.4,
}

test('the neutral window of raw values is between their percentiles', () => {
  const { low, range } = limitsOf(raw, NEUTRAL)
  expect(low).toBeCloseTo(0.2)
  expect(range).toBeCloseTo(0.2)
})

test('without WebGL2, a table says the same as the shader', () => {
  const colors = { ...raw, kind: 'colors' } as unknown as Picture
  expect(tableOf(raw, NEUTRAL, 65_536)[Math.round(0.3 * 65_535)]).toBeCloseTo(127.5, -1)
  expect([...tableOf(colors, NEUTRAL, 256)].every((shown, value) => shown === value)).toBe(true)
  expect(tableOf(colors, inverted(NEUTRAL), 256)[255]).toBe(0)
  expect(tableOf(colors, { center: 0.5, width: 0.5, isInverted: false }, 256)[63]).toBe(0)
})

test('pixels that are seen one by one are not mixed', () => {
  const image = { width: 2, height: 2 }
  expect(isSmooth(raw, image, { scale: 1, x: 0, y: 0 }, 1)).toBe(true)
  expect(isSmooth(raw, image, { scale: 8, x: 0, y: 0 }, 1)).toBe(false)
})
