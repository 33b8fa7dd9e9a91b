import { createStore, type StoreApi } from 'zustand'
import { useConnection } from '../../shared/api/connection'
import type { Action, ActionResult, Done, Item } from '../../shared/api/types'
import type { Letter } from '../../shared/outbox/model'
import { flushOutbox, onSent, place, useOutbox } from '../../shared/outbox/outbox'
import { ANNOTATOR } from '../../shared/project/queries'
import * as api from './api'
import { actionOf } from './messages'
import * as m from './model'
import { addMoment, type Moments } from './rate'

export type Desk = {
  sitting: m.Sitting
  moments: Moments
  isFetching: boolean
  hasFetched: boolean
  error: unknown
  notice: string | null
}

export type Told = { what: 'decided' | 'undone' | 'redone'; change: m.Change | null; sitting: m.Sitting }

export type Hooks = {
  onDone: (done: Done) => void
  onRecentChange: () => void
  onTold: (told: Told) => void
  onNothing: (kind: 'undo' | 'redo', isOffline: boolean) => void
  onError: (error: unknown) => void
  seesPredictions: () => boolean
}

const KEPT_AFTER_PLAN = 5 // images that are loaded already: none is pulled from under somebody
const N_MOST = 64

/** What can be done at the table of one project. Everything that decides returns at once. */
export class DeskControl {
  readonly store: StoreApi<Desk> = createStore<Desk>(() => ({
    sitting: m.EMPTY,
    moments: [],
    isFetching: false,
    hasFetched: false,
    error: null,
    notice: null,
  }))
  private readonly unsent = new Map<string, number>() // images by the keys of actions on their way
  private isAskedAgain = false
  private readonly revisions = new Map<number, number>() // of the last action about an image
  private stepping: Promise<void> = Promise.resolve()

  constructor(
    readonly projectId: string,
    private readonly hooks: Hooks,
  ) {}

  /** Begin to ask and to listen; returns what ends it. */
  begin(): () => void {
    for (const { projectId, action } of useOutbox.getState().letters)
      if (projectId === this.projectId && typeof action.item_id === 'number')
        this.unsent.set(action.key, action.item_id)
    const stopSent = onSent((letter, result) => this.noteSent(letter, result))
    const stopRefused = useOutbox.subscribe(({ refused }) => {
      for (const { letter } of refused) this.unsent.delete(letter.action.key)
    })
    const stopOnline = useConnection.subscribe((now, before) => {
      if (now.isOnline && !before.isOnline) void this.refill()
    })
    void this.refill()
    return () => [stopSent, stopRefused, stopOnline].forEach((stop) => stop())
  }

  get sitting(): m.Sitting {
    return this.store.getState().sitting
  }

  /** Say something about the image on the stage. */
  decide(change: m.Change): void {
    const { sitting } = this
    const card = m.currentCard(sitting)
    if (card === null) return
    const key = crypto.randomUUID()
    const now = Date.now() / 1000
    this.send(actionOf(card, change, key, now, this.hooks.seesPredictions()), card.item.id)
    this.set(m.decide(sitting, change, key))
    if (m.isAnswer(change))
      this.store.setState(({ moments }) => ({ moments: addMoment(moments, now) }))
    this.hooks.onTold({ what: 'decided', change, sitting: this.sitting })
    void this.refill()
  }

  undo(): void {
    this.step('undo')
  }

  redo(): void {
    this.step('redo')
  }

  previous(): void {
    this.set(m.previous(this.sitting))
  }

  next(): void {
    this.set(m.next(this.sitting))
    void this.refill()
  }

  /** Put an image on the stage, such as one of the last decisions. */
  async open(itemId: number): Promise<void> {
    const known = this.sitting.cards[itemId]
    if (known !== undefined) return this.set(m.open(this.sitting, known))
    try {
      const detail = await api.fetchItem(this.projectId, itemId)
      this.set(m.open(this.sitting, m.cardOfDetail(detail)))
    } catch (error) {
      this.hooks.onError(error)
    }
  }

  /** Forget what is known of an image: it is fetched anew when it is opened. */
  forget(itemId: number): void {
    this.set(m.forget(this.sitting, itemId))
  }

  /** Ask for more, where few images wait. */
  async refill(): Promise<void> {
    const { isFetching, sitting } = this.store.getState()
    this.isAskedAgain = isFetching // what is on its way may be older than what was decided since
    if (isFetching || m.nAhead(sitting) >= m.LOW || sitting.isExhausted) return
    this.store.setState({ isFetching: true })
    try {
      const n = m.AHEAD + this.unsent.size + m.nPassed(sitting)
      const queue = await api.fetchQueue(this.projectId, Math.min(N_MOST, n))
      const settled = queue.questions.filter(
        ({ item }) => queue.revision >= (this.revisions.get(item.id) ?? 0),
      )
      this.set(m.enqueue(this.sitting, settled, new Set(this.unsent.values())))
      const isExhausted = queue.is_exhausted && this.unsent.size === 0
      this.set({ ...this.sitting, isExhausted })
      this.store.setState({ error: null, notice: queue.notice })
    } catch (error) {
      this.store.setState({ error })
    } finally {
      this.store.setState({ isFetching: false, hasFetched: true })
      if (this.isAskedAgain) void this.refill()
    }
  }

  /** Ask anew for what is beyond the loaded images. */
  planChanged(): void {
    this.set(m.forgetBeyond(this.sitting, KEPT_AFTER_PLAN))
    void this.refill()
  }

  private set(sitting: m.Sitting): void {
    this.store.setState({ sitting })
  }

  private send(action: Action, itemId: number | null): void {
    if (itemId !== null) this.unsent.set(action.key, itemId)
    place(this.projectId, ANNOTATOR, action)
  }

  private step(kind: 'undo' | 'redo'): void {
    const made = kind === 'undo' ? m.undo(this.sitting) : m.redo(this.sitting)
    if (made === null) {
      this.stepping = this.stepping.then(() => this.stepOnServer(kind)) // one after the other
      return
    }
    const key = crypto.randomUUID()
    this.send({ kind, key, client_ts: Date.now() / 1000 }, made.step.itemId)
    this.set({ ...made.sitting, isExhausted: false })
    this.tellStep(kind, made.step.change)
  }

  /** Undo or redo what was decided before this sitting: only the server knows what that is. */
  private async stepOnServer(kind: 'undo' | 'redo'): Promise<void> {
    if (!useConnection.getState().isOnline) return this.hooks.onNothing(kind, true)
    try {
      await flushOutbox() // in their order: what was decided here comes first
      const done = await api.sendStep(this.projectId, kind, crypto.randomUUID())
      await this.takeStep(kind, done)
    } catch (error) {
      this.hooks.onError(error)
    }
  }

  private async takeStep(kind: 'undo' | 'redo', done: Done): Promise<void> {
    this.hooks.onDone(done)
    if (done.item === null || done.undone === null) return this.hooks.onNothing(kind, false)
    this.hooks.onRecentChange()
    this.set(m.remember({ ...this.sitting, isExhausted: false }, kind, done.item, done.undone))
    await this.open(done.item.id)
    this.tellStep(kind, m.changeOf(done.undone))
  }

  private tellStep(kind: 'undo' | 'redo', change: m.Change | null): void {
    const what = kind === 'undo' ? 'undone' : 'redone'
    this.hooks.onTold({ what, change, sitting: this.sitting })
  }

  private noteSent({ projectId, action }: Letter, { done }: ActionResult): void {
    if (projectId !== this.projectId) return
    const expected = this.unsent.get(action.key)
    this.unsent.delete(action.key)
    if (done === null) return
    this.hooks.onDone(done)
    if (done.item !== null) this.learn(done.item, done.revision)
    const isStep = action.kind === 'undo' || action.kind === 'redo'
    if (isStep && done.item !== null && expected !== undefined && expected !== done.item.id)
      void this.open(done.item.id) // another tab has decided meanwhile: the server is right
    void this.refill()
  }

  private learn(item: Item, revision: number): void {
    this.revisions.set(item.id, revision)
    const isSettled = ![...this.unsent.values()].includes(item.id)
    this.set(m.learn(this.sitting, item, isSettled))
  }
}
