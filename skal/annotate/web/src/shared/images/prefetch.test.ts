import { expect, test, vi } from 'vitest'
import type { Picture } from './picture'
import { rangeOf } from './picture'
import { keyOf, Prefetcher, type Wanted } from './prefetch'

const wanted = (name: string): Wanted => ({
  image: { content_key: name, width: 4, height: 4, bits: 8, is_gray: true },
  size: 0,
})
const picture: Picture = {
  kind: 'raw',
  values: new Uint16Array(1),
  width: 1,
  height: 1,
  low: 0,
  high: 1,
}
const settled = () => new Promise((resolve) => setTimeout(resolve))

test('at most three load at once, the most needed first', async () => {
  const begun: string[] = []
  const finish: (() => void)[] = []
  const load = (w: Wanted) => {
    begun.push(w.image.content_key)
    return new Promise<Picture>((resolve) => finish.push(() => resolve(picture)))
  }
  const prefetcher = new Prefetcher(load, () => undefined)
  prefetcher.want(['a', 'b', 'c', 'd'].map(wanted))
  expect(begun).toEqual(['a', 'b', 'c'])
  finish[0]?.()
  await settled()
  expect(begun).toEqual(['a', 'b', 'c', 'd'])
  expect(prefetcher.get(wanted('a'))).toBe(picture)
})

test('what is no longer wanted is stopped', () => {
  const signals: AbortSignal[] = []
  const prefetcher = new Prefetcher(
    (_, signal) => (signals.push(signal), new Promise<Picture>(() => undefined)),
    () => undefined,
  )
  prefetcher.want([wanted('a')])
  prefetcher.want([wanted('b')])
  expect(signals.map((signal) => signal.aborted)).toEqual([true, false])
})

test('a failure is told, kept, and tried again when asked', async () => {
  const load = vi.fn().mockRejectedValueOnce(new Error('broken')).mockResolvedValue(picture)
  const changed = vi.fn()
  const prefetcher = new Prefetcher(load, changed)
  prefetcher.want([wanted('a')])
  await settled()
  expect(changed).toHaveBeenCalledWith(keyOf(wanted('a')))
  expect(prefetcher.errorOf(wanted('a'))).toEqual(new Error('broken'))
  prefetcher.retry()
  await settled()
  expect(prefetcher.get(wanted('a'))).toBe(picture)
})

test('raw values are shown between their percentiles', () => {
  expect(rangeOf('{"0.5": 0, "99.5": 65535}')).toEqual([0, 1])
  expect(rangeOf('{"0.5": 7, "99.5": 7}')).toEqual([0, 1])
  expect(rangeOf(null)).toEqual([0, 1])
})
