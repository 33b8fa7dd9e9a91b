import { expect, test } from 'vitest'
import type { ProjectCard } from '../../shared/api/types'
import { closedAs, listed, shareLabeled } from './model'

const card = (name: string, changes: Partial<ProjectCard> = {}): ProjectCard => ({
  id: name,
  name,
  task: 'classification',
  status: 'closed',
  message: '',
  n_items: 4,
  n_labeled: 1,
  estimate: null,
  disk_bytes: 0,
  created: 0,
  last_opened: null,
  trashed: null,
  ...changes,
})

test('what is in the trash is listed apart, and names are found in any case', () => {
  const projects = [card('Cats'), card('old cats', { status: 'trashed' }), card('dogs')]
  const { active, trashed } = listed(projects, ' CAT')
  expect(active.map(({ name }) => name)).toEqual(['Cats'])
  expect(trashed.map(({ name }) => name)).toEqual(['old cats'])
})

test('what cannot be opened says why', () => {
  expect(closedAs(card('a'))).toBeNull()
  expect(closedAs(card('a', { status: 'elsewhere' }))).toBe('elsewhere')
})

test('an empty project is not divided by', () => {
  expect(shareLabeled(card('a', { n_items: 0, n_labeled: 0 }))).toBe(0)
  expect(shareLabeled(card('a'))).toBe(0.25)
})
