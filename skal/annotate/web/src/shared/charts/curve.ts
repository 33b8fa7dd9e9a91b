import type { ModelOut } from '../api/types'

/** A model on the learning curve: its labels, and its accuracy with an interval. */
export type CurvePoint = {
  modelId: number
  nLabels: number
  score: number
  low: number
  high: number
  n: number
}

/** The models that have an estimate, by their numbers of labels. */
export const pointsOf = (models: readonly ModelOut[]): CurvePoint[] =>
  models
    .flatMap(({ id, n_labels, estimate }) =>
      estimate === null
        ? []
        : [{ modelId: id, nLabels: n_labels, score: estimate.score, low: estimate.low, high: estimate.high, n: estimate.n }],
    )
    .sort((a, b) => a.nLabels - b.nLabels || a.modelId - b.modelId)

/** A scale from values to pixels; a range without extent is put in the middle. */
export const scale =
  (from: readonly [number, number], to: readonly [number, number]) =>
  (value: number): number => {
    const [a, b] = from
    const share = b === a ? 0.5 : (value - a) / (b - a)
    return to[0] + share * (to[1] - to[0])
  }

export const pathOf = (points: readonly (readonly [number, number])[]): string =>
  points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('')
