import { expect, test } from 'vitest'
import type { Job, ModelOut } from '../../shared/api/types'
import { addLoss, fateOf, needed, shadeOf } from './model'

const job = (id: number, epoch: number | null, loss: number | null): Job => ({
  id,
  state: 'running',
  progress: { phase: 'training', epoch, n_epochs: 9, train_loss: loss, n_done: null, n: null },
  message: '',
  model_id: null,
  is_accepted: null,
  created: 0,
  ended: null,
  n_new_labels: 0,
  eta_s: null,
  log: [],
})

test('losses are kept by epoch, and those of another training are forgotten', () => {
  let losses = addLoss(null, job(1, 1, 0.9))
  losses = addLoss(losses, job(1, 1, 0.9))
  losses = addLoss(losses, job(1, 2, 0.5))
  expect(losses).toEqual({ jobId: 1, epochs: [1, 2], values: [0.9, 0.5] })
  expect(addLoss(losses, job(1, null, null))).toBe(losses)
  expect(addLoss(losses, job(2, 1, 0.7))?.values).toEqual([0.7])
})

test('a model is in use, was replaced, or was kept out', () => {
  const model = (is_current: boolean, is_accepted: boolean) =>
    fateOf({ is_current, is_accepted } as ModelOut)
  expect([model(true, false), model(false, true), model(false, false)]).toEqual([
    'inUse',
    'replaced',
    'notUsed',
  ])
})

test('a row without checks is not divided by', () => {
  expect(shadeOf(0, [0, 0])).toBe(0)
  expect(shadeOf(3, [3, 1])).toBe(0.75)
})

test('two labels a class, ten at least', () => {
  expect([2, 8].map(needed)).toEqual([10, 16])
})
