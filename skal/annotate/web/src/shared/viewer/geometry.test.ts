import { expect, test } from 'vitest'
import * as g from './geometry'

const image = { width: 200, height: 100 }
const stage = { width: 400, height: 400 }

test('a fitting image is whole, centered and as large as can be', () => {
  expect(g.fit(image, stage)).toEqual({ scale: 2, x: 0, y: 100 })
})

test('the point under the pointer stays there while zooming', () => {
  const at = { x: 100, y: 150 }
  const view = g.zoomAt(g.fit(image, stage), 2, at, image, stage)
  expect(view.scale).toBe(4)
  expect((at.x - view.x) / view.scale).toBeCloseTo(50)
  expect((at.y - view.y) / view.scale).toBeCloseTo(25)
})

test('zooming in and out is nothing', () => {
  const first = g.fit(image, stage)
  const there = g.zoomAt(first, 1.25, g.centerOf(stage), image, stage)
  const back = g.zoomAt(there, 1 / 1.25, g.centerOf(stage), image, stage)
  expect(back.scale).toBeCloseTo(first.scale)
  expect(back.x).toBeCloseTo(first.x)
})

test('Z goes to one pixel a pixel of the screen, and back', () => {
  const fitting = g.fit(image, stage)
  const real = g.cycle(fitting, image, stage, 2)
  expect(real.scale).toBe(0.5)
  expect(g.cycle(real, image, stage, 2)).toEqual(fitting)
})

test('an image never leaves the stage', () => {
  const view = g.pan(g.fit(image, stage), 1e6, -1e6, image, stage)
  expect(view.x).toBe(368)
  expect(view.y).toBe(-168)
})

test('a zoom is carried to images of the same size only', () => {
  const view = { scale: 4, x: -10, y: -20 }
  expect(g.carried(view, image, image, stage)).toBe(view)
  expect(g.carried(view, image, { width: 100, height: 100 }, stage).scale).toBe(4)
  expect(g.carried(view, image, { width: 100, height: 100 }, stage).x).toBe(0)
})

test('a view that fits goes on to fit when the stage changes', () => {
  const wide = { width: 800, height: 400 }
  expect(g.resized(g.fit(image, stage), image, stage, wide)).toEqual(g.fit(image, wide))
})

test('the window maps its ends to black and white', () => {
  const w = { center: 0.5, width: 0.5, isInverted: false }
  expect([0.25, 0.5, 0.75].map((v) => g.shown(v, w))).toEqual([0, 0.5, 1])
  expect(g.shown(0, g.inverted(w))).toBe(1)
  expect(g.shown(0.5, g.darker(w))).toBeLessThan(0.5)
  expect(g.shown(0.5, g.brighter(w))).toBeGreaterThan(0.5)
})

test('narrower and wider undo each other, up to rounding', () => {
  expect(g.wider(g.narrower(g.NEUTRAL)).width).toBeCloseTo(1)
})
