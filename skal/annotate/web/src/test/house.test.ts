import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const sources = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sources(path)
    return /\.tsx?$/.test(path) && !path.endsWith('.d.ts') ? [path] : []
  })
const FILES = sources('src')
const read = (path: string) => readFileSync(path, 'utf8')
const importsOf = (path: string) => [...read(path).matchAll(/from '([^']+)'/g)].map((m) => m[1] ?? '')

test('features do not import each other, and what is shared imports no feature', () => {
  for (const path of FILES) {
    const feature = /^src\/features\/(\w+)\//.exec(path)?.[1]
    const resolved = importsOf(path).map((name) => (name.startsWith('.') ? join(path, '..', name) : name))
    const others = resolved.filter((name) => name.startsWith('src/features/'))
    if (feature !== undefined)
      expect(others.filter((name) => !name.startsWith(`src/features/${feature}/`)), path).toEqual([])
    if (path.startsWith('src/shared/')) expect(others, path).toEqual([])
  }
})

test('models know nothing of React', () => {
  for (const path of FILES.filter((name) => name.endsWith('/model.ts')))
    expect(importsOf(path).filter((name) => /react|mantine|zustand/.test(name)), path).toEqual([])
})

test('nothing is any, no HTML is written, and no type error is silenced', () => {
  const forbidden = /\bas any\b|: any\b|<any>|dangerouslySetInnerHTML|innerHTML|@ts-ignore|@ts-nocheck/
  for (const path of FILES.filter((name) => !name.endsWith('house.test.ts')))
    expect(forbidden.exec(read(path))?.[0], path).toBeUndefined()
})

test('files stay short', () => {
  for (const path of FILES.filter((name) => !/locales|test\.tsx?$/.test(name)))
    expect(read(path).split('\n').length, path).toBeLessThan(330)
})
