import { expect, test } from 'vitest'
import type { Job } from '../api/types'
import { isNews, newsOf, shareOf } from './model'

const job = (changes: Partial<Job>): Job => ({
  id: 1,
  state: 'done',
  progress: { phase: 'training', epoch: null, n_epochs: null, train_loss: null, n_done: null, n: null },
  message: '',
  model_id: 1,
  is_accepted: true,
  created: 0,
  ended: 100,
  n_new_labels: 0,
  eta_s: null,
  log: [],
  ...changes,
})

test('a training that has ended is told by what became of its model', () => {
  expect(newsOf(job({}))).toBe('accepted')
  expect(newsOf(job({ is_accepted: false }))).toBe('kept')
  expect(newsOf(job({ state: 'failed', is_accepted: null }))).toBe('failed')
  expect(newsOf(null)).toBeNull()
})

test('how far it is comes from images or epochs', () => {
  const { progress } = job({})
  expect(shareOf(job({ progress: { ...progress, n_done: 5, n: 20 } }))).toBe(0.25)
  expect(shareOf(job({ progress: { ...progress, epoch: 2, n_epochs: 4 } }))).toBe(0.5)
  expect(shareOf(job({}))).toBeNull()
})

test('what ended long before the page was opened is no news', () => {
  expect(isNews(job({}), 120)).toBe(true)
  expect(isNews(job({}), 1000)).toBe(false)
  expect(isNews(job({ state: 'interrupted' }), 1000)).toBe(true)
})
