import { expect, test, vi } from 'vitest'
import { ByteCache } from './cache'

test('the least recently used give way, by bytes', () => {
  const evicted = vi.fn()
  const cache = new ByteCache<string>(10, evicted)
  cache.set('a', 'A', 4)
  cache.set('b', 'B', 4)
  cache.get('a')
  cache.set('c', 'C', 4)
  expect(evicted.mock.calls).toEqual([['B']])
  expect(cache.get('a')).toBe('A')
  expect(cache.bytes).toBe(8)
})

test('what is pinned stays', () => {
  const cache = new ByteCache<string>(10, () => undefined)
  cache.set('a', 'A', 8)
  cache.set('b', 'B', 8, new Set(['a']))
  expect(cache.get('a')).toBe('A')
  expect(cache.get('b')).toBe('B')
})

test('setting a key anew frees what it held', () => {
  const evicted = vi.fn()
  const cache = new ByteCache<string>(10, evicted)
  cache.set('a', 'A', 4)
  cache.set('a', 'B', 5)
  expect(evicted).toHaveBeenCalledWith('A')
  expect(cache.bytes).toBe(5)
})
