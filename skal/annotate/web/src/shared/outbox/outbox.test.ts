import { IDBFactory } from 'fake-indexeddb'
import { describe, expect, test, vi } from 'vitest'
import { Problem, Unreachable } from '../api/problem'
import type { ActionResult } from '../api/types'
import { batchOf, unsentItems, waitAfter, type Letter } from './model'
import { Sender, type Post } from './sender'
import { openStorage } from './storage'

const letter = (item: number, projectId = 'p'): Omit<Letter, 'seq'> => ({
  projectId,
  annotator: 'me',
  action: { kind: 'label', key: `key-${item}`, item_id: item, label_id: 1 },
})
const result = (key: string): ActionResult => ({ key, done: null, problem: null })
const accept: Post = async (letters) => letters.map(({ action }) => result(action.key))
const hooks = () => ({ onDone: vi.fn(), onRefused: vi.fn(), onCount: vi.fn() })
const alone = <T>(run: () => Promise<T>) => run()

describe('the outbox', () => {
  test('letters keep their order and outlive the tab', async () => {
    const factory = new IDBFactory()
    const storage = await openStorage(factory)
    for (const item of [3, 1, 2]) await storage.add(letter(item))
    const again = await openStorage(factory)
    expect((await again.all()).map(({ action }) => action.item_id)).toEqual([3, 1, 2])
  })

  test('what was sent is gone, and said to be', async () => {
    const storage = await openStorage(new IDBFactory())
    await storage.add(letter(1))
    const told = hooks()
    await new Sender(storage, accept, told, alone).flush()
    expect(await storage.all()).toEqual([])
    expect(told.onDone).toHaveBeenCalledOnce()
  })

  test('what comes in while sending goes with the same flush', async () => {
    const storage = await openStorage(new IDBFactory())
    await storage.add(letter(1))
    const sent: (number | null | undefined)[] = []
    const post: Post = async (letters) => {
      sent.push(...letters.map(({ action }) => action.item_id))
      if (sent.length === 1) await storage.add(letter(2))
      return accept(letters)
    }
    await new Sender(storage, post, hooks(), alone).flush()
    expect(sent).toEqual([1, 2])
  })

  test('without a server all letters stay, and are tried again', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const letters = [{ ...letter(1), seq: 1 }]
    const storage = {
      isDurable: true,
      add: vi.fn(),
      all: async () => letters,
      remove: async () => void letters.pop(),
    }
    const post = vi.fn<Post>().mockRejectedValueOnce(new Unreachable(null)).mockImplementation(accept)
    await new Sender(storage, post, hooks(), alone).flush()
    expect(letters).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(waitAfter(1))
    expect(letters).toHaveLength(0)
    vi.useRealTimers()
  })

  test('a refused letter does not block those after it', async () => {
    const storage = await openStorage(new IDBFactory())
    await storage.add(letter(1))
    await storage.add(letter(2))
    const problem = { type: '/problems/conflict', title: '', status: 409, detail: 'no', fields: [] }
    const refusal = { expected: null, found: null, fix: null, ...problem }
    const post: Post = async (letters) =>
      letters.map(({ action }) =>
        action.item_id === 1 ? { ...result(action.key), problem: refusal } : result(action.key),
      )
    const told = hooks()
    await new Sender(storage, post, told, alone).flush()
    expect(told.onRefused.mock.calls[0]?.[0]).toMatchObject({ kind: 'conflict', message: 'no' })
    expect(told.onDone).toHaveBeenCalledOnce()
    expect(await storage.all()).toEqual([])
  })

  test('a token that is no longer good keeps the letters', async () => {
    const storage = await openStorage(new IDBFactory())
    await storage.add(letter(1))
    const post: Post = () => Promise.reject(new Problem({ status: 401 }))
    await new Sender(storage, post, hooks(), alone).flush()
    expect(await storage.all()).toHaveLength(1)
  })
})

test('only letters of one project travel together', () => {
  const letters = [letter(1), letter(2), letter(3, 'q')].map((l, seq) => ({ ...l, seq }))
  expect(batchOf(letters, 10)).toHaveLength(2)
  expect(batchOf(letters, 1)).toHaveLength(1)
  expect(batchOf([], 1)).toEqual([])
  expect([...unsentItems(letters)]).toEqual([1, 2, 3])
})

test('waits grow up to a limit', () => {
  expect([1, 2, 3, 20].map(waitAfter)).toEqual([500, 1000, 2000, 10_000])
})
