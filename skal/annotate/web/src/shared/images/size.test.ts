import { expect, test } from 'vitest'
import { sizeFor } from './size'

const SIZES = [256, 512, 1024]
const stage = { width: 500, height: 400 }

test('the smallest size that fills the stage is asked for', () => {
  expect(sizeFor({ width: 4000, height: 3000 }, stage, 1, SIZES)).toBe(512)
  expect(sizeFor({ width: 4000, height: 3000 }, stage, 2, SIZES)).toBe(1024)
})

test('an image that is small, or a stage that is huge, takes all pixels', () => {
  expect(sizeFor({ width: 28, height: 28 }, stage, 1, SIZES)).toBe(0)
  expect(sizeFor({ width: 9000, height: 9000 }, { width: 4000, height: 4000 }, 1, SIZES)).toBe(0)
})
