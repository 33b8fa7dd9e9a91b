import { describe, expect, test } from 'vitest'
import type { Item, Question } from '../../shared/api/types'
import { actionOf, probabilityOf, topOf } from './messages'
import * as m from './model'
import { roundWith } from './round'

const item = (id: number, changes: Partial<Item> = {}): Item => ({
  id,
  relpath: `${id}.png`,
  image: { content_key: `k${id}`, width: 4, height: 4, bits: 8, is_gray: true },
  answer: null,
  label_id: null,
  event_id: null,
  is_flagged: false,
  note: '',
  ...changes,
})
const question = (id: number, changes: Partial<Question> = {}): Question => ({
  item: item(id),
  reason: 'Drawn at random.',
  strategy: 'random',
  score: null,
  percentile: null,
  is_blind: false,
  is_monitor: false,
  predictions: [
    { label_id: 1, name: 'cat', probability: 0.3 },
    { label_id: 2, name: 'dog', probability: 0.7 },
  ],
  model_id: 5,
  ...changes,
})
const NONE: ReadonlySet<number> = new Set()
const sitting = (...ids: number[]) => m.enqueue(m.EMPTY, ids.map((id) => question(id)), NONE)
const shown = (s: m.Sitting) => m.currentCard(s)?.item.id
const decide = (s: m.Sitting, change: m.Change) => m.decide(s, change, `key-${s.done.length}`)
const labeled = (s: m.Sitting, labelId = 1) => decide(s, { kind: 'label', labelId })

describe('the label loop', () => {
  test('an answer goes on, a flag and a note do not', () => {
    let s = decide(sitting(1, 2, 3), { kind: 'flag', flag: true })
    expect(shown(s)).toBe(1)
    s = labeled(s)
    expect(shown(s)).toBe(2)
    expect(s.states[1]).toEqual({ answer: 'label', labelId: 1, isFlagged: true, note: '' })
    expect(shown(decide(s, { kind: 'skip' }))).toBe(3)
  })

  test('after the last image nothing is on the stage, and nothing can be decided', () => {
    const s = labeled(sitting(1))
    expect(m.currentCard(s)).toBeNull()
    expect(labeled(s)).toBe(s)
  })

  test('an older image that is labeled anew leads back to the first open one', () => {
    const s = m.previous(m.previous(labeled(labeled(sitting(1, 2, 3)))))
    expect(shown(s)).toBe(1)
    expect(shown(labeled(s, 2))).toBe(3)
  })

  test('previous and next stay within what was shown', () => {
    const s = sitting(1)
    expect(shown(m.previous(s))).toBe(1)
    expect(m.currentCard(m.next(m.next(s)))).toBeNull()
    expect(shown(m.previous(m.next(s)))).toBe(1)
  })
})

describe('the queue', () => {
  test('what waits already, is answered, or is on its way is not asked twice', () => {
    const s = labeled(sitting(1, 2))
    const again = m.enqueue(s, [1, 2, 3, 4].map((id) => question(id)), new Set([3]))
    expect(again.trail).toEqual([1, 2, 4])
  })

  test('what was skipped comes back when the server asks for it again', () => {
    const s = decide(sitting(1, 2), { kind: 'skip' })
    const back = question(1, { item: item(1, { answer: 'skip' }) })
    expect(m.enqueue(s, [back], new Set([1])).trail).toEqual([1, 2])
    expect(m.enqueue(s, [back], NONE).trail).toEqual([1, 2, 1])
  })

  test('what was passed by comes back when nothing else is left', () => {
    const s = m.next(sitting(1, 2))
    expect(m.nPassed(s)).toBe(1)
    expect(m.enqueue(s, [question(1), question(3)], NONE).trail).toEqual([1, 2, 3])
    const end = m.next(s)
    expect(m.enqueue(end, [question(1)], NONE).trail).toEqual([1, 2, 1])
  })

  test('what was planned anew is forgotten beyond the next images', () => {
    expect(m.forgetBeyond(m.next(sitting(1, 2, 3, 4, 5)), 2).trail).toEqual([1, 2, 3, 4])
  })
})

describe('undo and redo', () => {
  test('undoing goes back to the image and its state, redoing gives it back', () => {
    const s = labeled(labeled(sitting(1, 2, 3)), 2)
    const undone = m.undo(s)
    expect(undone?.step.itemId).toBe(2)
    expect(undone && shown(undone.sitting)).toBe(2)
    expect(undone?.sitting.states[2]?.answer).toBeNull()
    const redone = undone && m.redo(undone.sitting)
    expect(redone?.sitting.states[2]).toMatchObject({ answer: 'label', labelId: 2 })
    expect(redone && shown(redone.sitting)).toBe(2)
  })

  test('undo of do is nothing, however many', () => {
    const first = sitting(1, 2, 3)
    let s = decide(first, { kind: 'note', note: 'odd' })
    s = decide(labeled(s), { kind: 'unsure' })
    for (let i = 0; i < 3; i += 1) s = m.undo(s)?.sitting ?? s
    expect(s.states).toEqual(first.states)
    expect(m.undo(s)).toBeNull()
    expect(shown(s)).toBe(1)
  })

  test('a new decision ends what could be redone', () => {
    const s = m.undo(labeled(sitting(1, 2)))?.sitting
    expect(s && m.redo(labeled(s, 2))).toBeNull()
  })

  test('an image from before this sitting comes before the one on the stage', () => {
    const s = m.open(labeled(sitting(1, 2)), m.cardOf(question(9)))
    expect(s.trail).toEqual([1, 9, 2])
    expect(shown(s)).toBe(9)
    expect(shown(labeled(s))).toBe(2)
  })
})

describe('messages', () => {
  const action = (card: m.Card, isShown: boolean) =>
    actionOf(card, { kind: 'label', labelId: 2 }, 'key', 12, isShown)

  test('the prediction is sent where it was seen', () => {
    expect(action(m.cardOf(question(1)), true)).toMatchObject({
      kind: 'label',
      label_id: 2,
      shown_prediction: { cat: 0.3, dog: 0.7 },
      model_id: 5,
      seen_event_id: 0,
    })
    expect(action(m.cardOf(question(1)), false).shown_prediction).toBeNull()
  })

  test('nothing is shown or sent of a blind image, whatever came', () => {
    const blind = m.cardOf(question(1, { is_blind: true }))
    expect(action(blind, true)).toMatchObject({ shown_prediction: null, model_id: null })
    expect(topOf(blind)).toBeNull()
    expect(probabilityOf(blind, 2)).toBeNull()
  })

  test('the top prediction is the most probable one', () => {
    expect(topOf(m.cardOf(question(1)))?.name).toBe('dog')
  })
})

test('what the server says of an image holds once nothing is on its way', () => {
  const s = labeled(sitting(1, 2))
  const theirs = item(1, { answer: 'label', label_id: 2, event_id: 7 })
  expect(m.learn(s, theirs, false).states[1]?.labelId).toBe(1)
  expect(m.learn(s, theirs, true).states[1]?.labelId).toBe(2)
  expect(m.learn(s, theirs, false).cards[1]?.item.event_id).toBe(7)
})

test('answers on their way count in the round, over its end', () => {
  const round = { number: 3, n_done: 30, size: 32 }
  expect(roundWith(round, 1)).toEqual({ number: 3, n_done: 31, size: 32 })
  expect(roundWith(round, 4)).toEqual({ number: 4, n_done: 2, size: 32 })
})
