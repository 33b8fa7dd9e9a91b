import { create } from 'zustand'
import { useConnection } from '../api/connection'
import { bodyOf, client } from '../api/http'
import type { Action, ActionResult } from '../api/types'
import type { Letter, Refused } from './model'
import { Sender, type Post } from './sender'
import { memoryStorage, openStorage, type Storage } from './storage'

/** What the screens know of the letters that wait. */
export type Outbox = {
  letters: readonly Letter[]
  waitingSince: number | null
  isDurable: boolean
  refused: readonly Refused[]
}

export const useOutbox = create<Outbox>(() => ({
  letters: [],
  waitingSince: null,
  isDurable: true,
  refused: [],
}))

type Listener = (letter: Letter, result: ActionResult) => void
const listeners = new Set<Listener>()

/** Be told of each letter that is on the server's disk. */
export const onSent = (listener: Listener): (() => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

const note = (letters: readonly Letter[]) =>
  useOutbox.setState(({ waitingSince }) => ({
    letters,
    waitingSince: letters.length === 0 ? null : (waitingSince ?? performance.now()),
  }))

const post: Post = async (letters) => {
  const first = letters[0]
  if (first === undefined) return []
  const answer = await bodyOf(
    client.POST('/api/v1/projects/{project_id}/decisions/batch', {
      params: {
        path: { project_id: first.projectId },
        header: { 'skal-annotator': encodeURIComponent(first.annotator) },
      },
      body: { actions: letters.map(({ action }) => action) },
    }),
  )
  return answer.results
}

const oneTab = async <T>(run: () => Promise<T>): Promise<T> =>
  'locks' in navigator ? await navigator.locks.request('skal-outbox', run) : run()

const begin = async (): Promise<{ storage: Storage; sender: Sender }> => {
  const storage = await durableStorage()
  const sender = new Sender(storage, post, { onDone, onRefused, onCount: note }, oneTab)
  useOutbox.setState({ isDurable: storage.isDurable })
  note(await storage.all())
  return { storage, sender }
}

const durableStorage = async (): Promise<Storage> => {
  try {
    return await openStorage(indexedDB)
  } catch (error) {
    console.warn('the browser keeps nothing: decisions wait in this tab only', error)
    return memoryStorage()
  }
}

const onDone: Listener = (letter, result) => listeners.forEach((listen) => listen(letter, result))
const onRefused = (refused: Refused) =>
  useOutbox.setState((now) => ({ refused: [...now.refused, refused] }))

let started: ReturnType<typeof begin> | null = null
const start = () => (started ??= begin())

/** Begin to send what an earlier tab has left, and whatever comes, whenever the server is there. */
export const startOutbox = (): void => {
  const flush = () => void start().then(({ sender }) => sender.flush())
  flush()
  window.addEventListener('online', flush)
  useConnection.subscribe((now, before) => now.isOnline && !before.isOnline && flush())
}

let placed: Promise<unknown> = Promise.resolve()

/** Keep an action here, durably, and send it. Returns at once: nobody waits for it. */
export const place = (projectId: string, annotator: string, action: Action): void => {
  const unkept: Letter = { seq: -1, projectId, annotator, action }
  note([...useOutbox.getState().letters, unkept])
  placed = placed.then(async () => {
    const { storage, sender } = await start()
    await storage.add({ projectId, annotator, action })
    void sender.flush()
  })
  placed = placed.catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error)
    onRefused({ letter: unkept, kind: 'not-kept', message, fix: null })
  })
}

/** Send what waits; resolves when all is sent, or the server cannot be reached. */
export const flushOutbox = async (): Promise<void> => {
  await placed
  const { sender } = await start()
  await sender.flush()
}

export const dismissRefused = (refused: Refused): void =>
  useOutbox.setState((now) => ({ refused: now.refused.filter((other) => other !== refused) }))

/** Send a refused action again, under a new key: the old one was not used up, but may be soon. */
export const resend = (refused: Refused, changes: Partial<Action> = {}): void => {
  const { projectId, annotator, action } = refused.letter
  dismissRefused(refused)
  place(projectId, annotator, { ...action, ...changes, key: crypto.randomUUID() })
}
