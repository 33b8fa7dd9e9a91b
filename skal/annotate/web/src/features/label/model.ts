import type {
  Answer,
  DecisionOut,
  Item,
  ItemDetail,
  Prediction,
  Question,
} from '../../shared/api/types'

/** What an image is called, as far as this screen knows. */
export type State = {
  answer: Answer | null
  labelId: number | null
  isFlagged: boolean
  note: string
}

/** An image on the table, with what is said of it. What the model says never changes here. */
export type Card = {
  item: Item
  reason: string | null
  isBlind: boolean
  isMonitor: boolean
  predictions: readonly Prediction[] | null
  modelId: number | null
}

/** A decision that can be taken back here at once. */
export type Step = { key: string; itemId: number; before: State; after: State; change: Change }

/** What somebody says about an image. */
export type Change =
  | { kind: 'label'; labelId: number }
  | { kind: 'skip' | 'unsure' | 'exclude' | 'clear' }
  | { kind: 'flag'; flag: boolean }
  | { kind: 'note'; note: string }

/** The images of this sitting in the order they were shown, with those to come. */
export type Sitting = {
  cards: Readonly<Record<number, Card>>
  states: Readonly<Record<number, State>>
  trail: readonly number[]
  cursor: number
  done: readonly Step[]
  undone: readonly Step[]
  isExhausted: boolean
}

export const EMPTY: Sitting = {
  cards: {},
  states: {},
  trail: [],
  cursor: 0,
  done: [],
  undone: [],
  isExhausted: false,
}

export const AHEAD = 8 // images that are known, with the one on the stage, after asking
export const LOW = 6 // below which more are asked for

export const cardOf = (question: Question): Card => ({
  item: question.item,
  reason: question.reason,
  isBlind: question.is_blind,
  isMonitor: question.is_monitor,
  predictions: question.predictions,
  modelId: question.model_id,
})

export const cardOfDetail = (detail: ItemDetail): Card => ({
  item: detail.item,
  reason: detail.shown_reason,
  isBlind: detail.is_blind,
  isMonitor: detail.is_monitor,
  predictions: detail.predictions,
  modelId: detail.model_id,
})

export const stateOf = (item: Item): State => ({
  answer: item.answer,
  labelId: item.label_id,
  isFlagged: item.is_flagged,
  note: item.note,
})

export const currentCard = ({ cards, trail, cursor }: Sitting): Card | null => {
  const id = trail[cursor]
  return id === undefined ? null : (cards[id] ?? null)
}

export const currentState = ({ states, trail, cursor }: Sitting): State | null => {
  const id = trail[cursor]
  return id === undefined ? null : (states[id] ?? null)
}

/** The cards from some before the stage to some after it; those that are missing are left out. */
export const around = ({ cards, trail, cursor }: Sitting, from: number, to: number): Card[] =>
  trail
    .slice(Math.max(0, cursor + from), Math.max(0, cursor + to))
    .map((id) => cards[id])
    .filter((card) => card !== undefined)

export const nAhead = ({ trail, cursor }: Sitting): number => Math.max(0, trail.length - cursor)

const isAnswered = (state: State | undefined): boolean =>
  state !== undefined && state.answer !== null && state.answer !== 'skip'

/** How many images that were passed by, and are still open, the server will name first. */
export const nPassed = ({ trail, cursor, states }: Sitting): number =>
  new Set(trail.slice(0, cursor).filter((id) => !isAnswered(states[id]))).size

/**
 * Put what is asked next behind what waits already.
 *
 * Images that are on the way to the server (`unsent`) are still questions to it, and are left out.
 * Those that were passed by come back when nothing else is left.
 */
export const enqueue = (
  sitting: Sitting,
  questions: readonly Question[],
  unsent: ReadonlySet<number>,
): Sitting => {
  const waiting = new Set(sitting.trail.slice(sitting.cursor))
  const open = questions.filter(
    ({ item }) =>
      !waiting.has(item.id) && !unsent.has(item.id) && !isAnswered(sitting.states[item.id]),
  )
  const seen = new Set(sitting.trail)
  const fresh = open.filter(({ item }) => !seen.has(item.id) || item.answer === 'skip')
  const added = fresh.length > 0 || waiting.size > 0 ? fresh : open
  return addCards(sitting, added.map(cardOf))
}

const addCards = (sitting: Sitting, cards: readonly Card[]): Sitting => ({
  ...sitting,
  cards: { ...sitting.cards, ...Object.fromEntries(cards.map((card) => [card.item.id, card])) },
  states: {
    ...Object.fromEntries(cards.map(({ item }) => [item.id, stateOf(item)])),
    ...sitting.states,
  },
  trail: [...sitting.trail, ...cards.map(({ item }) => item.id)],
})

/** Forget what waits beyond the next images: it was planned anew. */
export const forgetBeyond = (sitting: Sitting, n: number): Sitting => ({
  ...sitting,
  trail: sitting.trail.slice(0, sitting.cursor + 1 + n),
  isExhausted: false,
})

/** Forget what is known of one image, but not that it was there. */
export const forget = (sitting: Sitting, id: number): Sitting => {
  const without = <T>(all: Readonly<Record<number, T>>) =>
    Object.fromEntries(Object.entries(all).filter(([key]) => Number(key) !== id))
  return { ...sitting, cards: without(sitting.cards), states: without(sitting.states) }
}

/** What an image is called after somebody has said something about it. */
export const after = (state: State, change: Change): State => {
  switch (change.kind) {
    case 'label':
      return { ...state, answer: 'label', labelId: change.labelId }
    case 'clear':
      return { ...state, answer: null, labelId: null }
    case 'flag':
      return { ...state, isFlagged: change.flag }
    case 'note':
      return { ...state, note: change.note }
    default:
      return { ...state, answer: change.kind, labelId: null }
  }
}

export const isAnswer = (change: Change): boolean => !['flag', 'note'].includes(change.kind)

/** Say something about the image on the stage; an answer goes on to the next open one. */
export const decide = (sitting: Sitting, change: Change, key: string): Sitting => {
  const id = sitting.trail[sitting.cursor]
  const before = id === undefined ? undefined : sitting.states[id]
  if (id === undefined || before === undefined) return sitting
  const step = { key, itemId: id, before, after: after(before, change), change }
  const decided = { ...withState(sitting, id, step.after), done: [...sitting.done, step], undone: [] }
  return isAnswer(change)
    ? { ...decided, cursor: nextOpen(decided), isExhausted: false }
    : decided
}

const withState = (sitting: Sitting, id: number, state: State): Sitting => ({
  ...sitting,
  states: { ...sitting.states, [id]: state },
})

const nextOpen = ({ trail, cursor, states }: Sitting): number => {
  const isOpen = (id: number, at: number) => at > cursor && !isAnswered(states[id])
  const found = trail.findIndex(isOpen)
  return found < 0 ? trail.length : found
}

export const previous = (sitting: Sitting): Sitting => ({
  ...sitting,
  cursor: Math.max(0, sitting.cursor - 1),
})

export const next = (sitting: Sitting): Sitting => ({
  ...sitting,
  cursor: Math.min(sitting.trail.length, sitting.cursor + 1),
})

/** Put an image on the stage; one that is new comes before the one that was there. */
export const open = (sitting: Sitting, card: Card): Sitting => {
  const id = card.item.id
  const known = addCards({ ...sitting, trail: [] }, [card])
  const at = sitting.trail.lastIndexOf(id)
  if (at >= 0) return { ...known, trail: sitting.trail, cursor: at }
  const { trail, cursor } = sitting
  return { ...known, trail: [...trail.slice(0, cursor), id, ...trail.slice(cursor)] }
}

const goBackTo = (sitting: Sitting, id: number): Sitting => {
  const card = sitting.cards[id]
  return card === undefined ? sitting : open(sitting, card)
}

/** Take back the last decision of this sitting, and go to its image; null where there is none. */
export const undo = (sitting: Sitting): { sitting: Sitting; step: Step } | null => {
  const step = sitting.done.at(-1)
  if (step === undefined) return null
  const moved = { ...sitting, done: sitting.done.slice(0, -1), undone: [...sitting.undone, step] }
  return { sitting: goBackTo(withState(moved, step.itemId, step.before), step.itemId), step }
}

/** Give back what was undone last, and go to its image. */
export const redo = (sitting: Sitting): { sitting: Sitting; step: Step } | null => {
  const step = sitting.undone.at(-1)
  if (step === undefined) return null
  const moved = { ...sitting, undone: sitting.undone.slice(0, -1), done: [...sitting.done, step] }
  return { sitting: goBackTo(withState(moved, step.itemId, step.after), step.itemId), step }
}

/** What was said by a decision that the server has kept. */
export const changeOf = ({ kind, label_id, flag, note }: DecisionOut): Change | null => {
  switch (kind) {
    case 'label':
      return label_id === null ? null : { kind, labelId: label_id }
    case 'flag':
      return { kind, flag: flag === true }
    case 'note':
      return { kind, note: note ?? '' }
    case 'skip':
    case 'unsure':
    case 'exclude':
    case 'clear':
      return { kind }
    default:
      return null
  }
}

/** Keep what the server has undone or redone, so that the next step back needs no server. */
export const remember = (
  sitting: Sitting,
  kind: 'undo' | 'redo',
  item: Item,
  decided: DecisionOut,
): Sitting => {
  const now = stateOf(item)
  const known = withState(sitting, item.id, now)
  const change = changeOf(decided)
  if (change === null) return known
  if (kind === 'redo') return known // what it was before, only the server knows
  const step = { key: decided.key, itemId: item.id, before: now, after: after(now, change), change }
  return { ...known, undone: [...sitting.undone, step] }
}

/** Take what the server knows of an image: it may have been answered elsewhere. */
export const learn = (sitting: Sitting, item: Item, isSettled: boolean): Sitting => {
  const card = sitting.cards[item.id]
  if (card === undefined) return sitting
  const known = { ...sitting, cards: { ...sitting.cards, [item.id]: { ...card, item } } }
  return isSettled ? withState(known, item.id, stateOf(item)) : known
}
