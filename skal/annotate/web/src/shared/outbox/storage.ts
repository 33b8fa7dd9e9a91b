import type { Letter, NewLetter } from './model'

const NAME = 'skal-annotate'
const STORE = 'outbox'

/** Where letters wait, in their order. */
export type Storage = {
  isDurable: boolean
  add: (letter: NewLetter) => Promise<Letter>
  all: () => Promise<Letter[]>
  remove: (seqs: readonly number[]) => Promise<void>
}

const done = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('the browser storage failed'))
  })

const completed = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error ?? new Error('the browser storage is full'))
  })

const openDatabase = (factory: IDBFactory): Promise<IDBDatabase> => {
  const request = factory.open(NAME, 1)
  request.onupgradeneeded = () =>
    request.result.createObjectStore(STORE, { keyPath: 'seq', autoIncrement: true })
  return done(request)
}

/** Letters in the browser's database: they outlive the tab, the browser, and a power cut. */
export const openStorage = async (factory: IDBFactory): Promise<Storage> => {
  const database = await openDatabase(factory)
  const begin = (mode: IDBTransactionMode) =>
    database.transaction(STORE, mode, { durability: 'strict' })
  return {
    isDurable: true,
    add: async (letter) => {
      const transaction = begin('readwrite')
      const key = done(transaction.objectStore(STORE).add(letter))
      await completed(transaction)
      return { ...letter, seq: Number(await key) }
    },
    all: () => done<Letter[]>(begin('readonly').objectStore(STORE).getAll()),
    remove: async (seqs) => {
      const transaction = begin('readwrite')
      for (const seq of seqs) transaction.objectStore(STORE).delete(seq)
      await completed(transaction)
    },
  }
}

/** Letters in memory, where the browser keeps nothing: they are lost with the tab. */
export const memoryStorage = (): Storage => {
  let letters: Letter[] = []
  let last = 0
  return {
    isDurable: false,
    add: async (letter) => {
      const kept = { ...letter, seq: (last += 1) }
      letters = [...letters, kept]
      return kept
    },
    all: async () => letters,
    remove: async (seqs) => {
      letters = letters.filter(({ seq }) => !seqs.includes(seq))
    },
  }
}
