import { describe, expect, test } from 'vitest'
import {
  ACTIONS,
  actionOf,
  bindingOf,
  boundActions,
  capsOf,
  conflictsOf,
  isInert,
  rebind,
  shortKey,
  unbind,
} from './model'

const press = (init: KeyboardEventInit) => new KeyboardEvent('keydown', { bubbles: true, ...init })
const meaning = (init: KeyboardEventInit, overrides = {}) =>
  actionOf(press(init), boundActions(overrides), ['label', 'global'])?.id

describe('keys', () => {
  test('digits are physical keys: they label on AZERTY, too', () => {
    expect(meaning({ key: '1', code: 'Digit1' })).toBe('label.1')
    expect(meaning({ key: '&', code: 'Digit1' })).toBe('label.1')
    expect(meaning({ key: '1', code: 'Digit1', shiftKey: true })).toBe('label.11')
    expect(meaning({ key: 'à', code: 'Digit0' })).toBe('label.10')
  })

  test('letters are characters, wherever they are and whatever Caps Lock says', () => {
    expect(meaning({ key: 'a', code: 'KeyQ' })).toBe('accept')
    expect(meaning({ key: 'S', code: 'KeyS' })).toBe('skip')
  })

  test('undo and redo have their chords', () => {
    expect(meaning({ key: 'z', code: 'KeyZ', ctrlKey: true })).toBe('undo')
    expect(meaning({ key: 'Z', code: 'KeyZ', ctrlKey: true, shiftKey: true })).toBe('redo')
    expect(meaning({ key: 'z', code: 'KeyZ' })).toBe('zoomCycle')
  })

  test('plus zooms with and without shift', () => {
    expect(meaning({ key: '+', code: 'Equal', shiftKey: true })).toBe('zoomIn')
    expect(meaning({ key: '=', code: 'Equal' })).toBe('zoomIn')
  })

  test('the question mark is where the layout has it', () => {
    expect(meaning({ key: '?', code: 'Minus', shiftKey: true })).toBe('help')
  })

  test('no default uses Alt or Tab, and none means two things', () => {
    const bound = boundActions({})
    for (const action of ACTIONS)
      for (const key of action.keys) {
        expect(key).not.toMatch(/Alt|Tab/)
        expect(conflictsOf(action.id, key, bound)).toEqual([])
      }
  })
})

describe('remapping', () => {
  test('a press is read as digits by key and letters by character', () => {
    expect(bindingOf(press({ key: '&', code: 'Digit1' }))).toBe('Digit1')
    expect(bindingOf(press({ key: 'Q', code: 'KeyA', shiftKey: true }))).toBe('Shift+q')
    expect(bindingOf(press({ key: 'Shift', code: 'ShiftLeft' }))).toBeNull()
    expect(bindingOf(press({ key: 'Tab', code: 'Tab' }))).toBeNull()
  })

  test('a key that is taken is a conflict, and goes to who asks last', () => {
    const bound = boundActions({})
    expect(conflictsOf('skip', 'u', bound).map((a) => a.id)).toEqual(['unsure'])
    const changed = rebind('skip', 'u', {})
    expect(meaning({ key: 'u', code: 'KeyU' }, changed)).toBe('skip')
    expect(meaning({ key: 's', code: 'KeyS' }, changed)).toBeUndefined()
    expect(changed['unsure']).toEqual([])
    expect(unbind('skip', changed)['skip']).toBeUndefined()
  })

  test('the chord of a platform and Ctrl are one', () => {
    expect(conflictsOf('skip', 'Control+z', boundActions({})).map((a) => a.id)).toEqual(['undo'])
  })
})

describe('inertness', () => {
  const pressIn = (tag: string, init: KeyboardEventInit, isModal = false) => {
    const element = document.createElement(tag)
    if (isModal) element.setAttribute('aria-modal', 'true')
    document.body.replaceChildren(element)
    const event = press(init)
    element.dispatchEvent(event)
    return isInert(event)
  }

  test('texts, dialogs and compositions keep their keys', () => {
    expect(pressIn('input', { key: 's', code: 'KeyS' })).toBe(true)
    expect(pressIn('div', { key: 's', code: 'KeyS' }, true)).toBe(true)
    expect(pressIn('p', { key: 's', code: 'KeyS', isComposing: true })).toBe(true)
    expect(pressIn('p', { key: 's', code: 'KeyS' })).toBe(false)
  })

  test('a focused button is pressed by Enter, yet digits label', () => {
    expect(pressIn('button', { key: 'Enter', code: 'Enter' })).toBe(true)
    expect(pressIn('button', { key: '1', code: 'Digit1' })).toBe(false)
  })
})

test('keys are printed as on the caps', () => {
  expect(capsOf('Shift+Digit1')).toEqual(['⇧', '1'])
  expect(capsOf('Shift+?')).toEqual(['?'])
  expect(capsOf('[Shift]+Equal')).toEqual(['+'])
  expect(shortKey(['s'])).toBe('S')
  expect(shortKey([])).toBe('')
})
