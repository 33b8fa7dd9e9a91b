import { expect, test } from 'vitest'
import { searchLabels } from './search'

const labels = ['dog', 'Möwe', 'hedgehog', 'cat'].map((name) => ({ name }))
const names = (text: string) => searchLabels(labels, text).map(({ name }) => name)

test('names that begin with the text come first', () => {
  expect(names('h')).toEqual(['hedgehog'])
  expect(names('dog')).toEqual(['dog'])
  expect(names('og')).toEqual(['dog', 'hedgehog'])
})

test('accents and case do not matter', () => {
  expect(names('mow')).toEqual(['Möwe'])
  expect(names('CA ')).toEqual(['cat'])
})

test('no text finds all, in their order', () => {
  expect(names('')).toEqual(labels.map(({ name }) => name))
})
