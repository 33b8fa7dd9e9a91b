import { expect, test } from 'vitest'
import type { ModelOut } from '../api/types'
import { pathOf, pointsOf, scale } from './curve'

const model = (id: number, nLabels: number, score: number | null): ModelOut => ({
  id,
  estimator: 'logistic',
  strategy: 'margin',
  n_labels: nLabels,
  estimate:
    score === null
      ? null
      : { score, low: score - 0.1, high: score + 0.1, n: 20, n_unanswered: 0, model_id: id, kind: 'held-out' },
  is_accepted: true,
  is_current: false,
  reason: '',
  seconds: 1,
  created: 0,
  label_revision: 0,
  file_kind: 'skops',
})

test('models without an estimate are no points, and labels go from left to right', () => {
  const points = pointsOf([model(1, 64, 0.8), model(2, 32, null), model(3, 32, 0.6)])
  expect(points.map(({ modelId }) => modelId)).toEqual([3, 1])
})

test('a scale without extent puts its value in the middle', () => {
  expect(scale([3, 3], [0, 10])(3)).toBe(5)
  expect(scale([0, 2], [10, 0])(2)).toBe(0)
})

test('a path goes through its points', () => {
  expect(pathOf([[0, 1], [2, 3]])).toBe('M0.0 1.0L2.0 3.0')
})
