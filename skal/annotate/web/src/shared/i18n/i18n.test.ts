import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { browserLanguage } from '.'
import { de } from './locales/de'
import { en } from './locales/en'
import { pseudoText } from './pseudo'

type Tree = { [key: string]: string | Tree }
const leaves = (tree: Tree, path = ''): [string, string][] =>
  Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${path}${key}`, value] as [string, string]] : leaves(value, `${path}${key}.`),
  )
const placeholders = (text: string) => (text.match(/\{\{[^}]+\}\}/g) ?? []).sort()

test('German says all that English says, with the same numbers in it', () => {
  const german = Object.fromEntries(leaves(de))
  for (const [key, text] of leaves(en)) {
    expect(german, key).toHaveProperty([key])
    expect(placeholders(german[key] ?? ''), key).toEqual(placeholders(text))
  }
  expect(leaves(de)).toHaveLength(leaves(en).length)
})

test('pseudo texts keep their placeholders and are longer', () => {
  expect(pseudoText('Is {{n}} on?')).toBe('[Íš {{n}} öñ? ~~~~~]')
})

test('the language follows the browser', () => {
  expect(browserLanguage(['de-AT', 'en'])).toBe('de')
  expect(browserLanguage(['en-US', 'de'])).toBe('en')
  expect(browserLanguage(['fr'])).toBe('en')
})

const sources = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sources(path)
    return path.endsWith('.tsx') && !path.endsWith('.test.tsx') ? [path] : []
  })

test('components hold no text of their own', () => {
  const texts = />\s*([A-Za-z][a-z]+(?: [a-z]+)*[.!?]?)\s*</g
  for (const path of sources('src')) {
    const found = [...readFileSync(path, 'utf8').matchAll(texts)].map((match) => match[1])
    expect(found.filter((text) => text !== 'return'), path).toEqual([])
  }
})
