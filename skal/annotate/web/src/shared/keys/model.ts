import { matchKeybindingPress, parseKeybinding } from 'tinykeys'

/**
 * Where an action applies. `global` is everywhere; keys of two other scopes may be the same, as
 * only one screen is there at a time.
 */
export type Scope = 'global' | 'label'

export type Group = 'answer' | 'move' | 'view' | 'panels'

export type Action = {
  id: string
  scope: Scope
  group: Group
  /** In the form of tinykeys: digits and punctuation by `code`, letters by character. */
  keys: readonly string[]
  /** Whether holding the key down repeats it. */
  repeats?: boolean
}

export const N_KEYED_LABELS = 20

const digitOf = (index: number): string => `Digit${(index + 1) % 10}`
const numpadOf = (index: number): string => `Numpad${(index + 1) % 10}`

const labelAction = (index: number): Action => ({
  id: `label.${index + 1}`,
  scope: 'label',
  group: 'answer',
  keys: index < 10 ? [digitOf(index), numpadOf(index)] : [`Shift+${digitOf(index - 10)}`],
})

const label = (id: string, group: Group, keys: string[], repeats = false): Action => ({
  id,
  scope: 'label',
  group,
  keys,
  repeats,
})

export const ACTIONS: readonly Action[] = [
  ...Array.from({ length: N_KEYED_LABELS }, (_, index) => labelAction(index)),
  label('search', 'answer', ['Slash', 'NumpadDivide']),
  label('accept', 'answer', ['Enter', 'a']),
  label('skip', 'answer', ['s']),
  label('unsure', 'answer', ['u']),
  label('exclude', 'answer', ['x']),
  label('flag', 'answer', ['f']),
  label('note', 'answer', ['n']),
  label('undo', 'move', ['Backspace', '$mod+z'], true),
  label('redo', 'move', ['$mod+Shift+z', 'Control+y'], true),
  label('previous', 'move', ['ArrowLeft'], true),
  label('next', 'move', ['ArrowRight'], true),
  label('zoomIn', 'view', ['[Shift]+Equal', 'NumpadAdd'], true),
  label('zoomOut', 'view', ['Minus', 'NumpadSubtract'], true),
  label('zoomCycle', 'view', ['z']),
  label('pan', 'view', ['Space']),
  label('narrower', 'view', ['BracketLeft'], true),
  label('wider', 'view', ['BracketRight'], true),
  label('darker', 'view', ['Semicolon'], true),
  label('brighter', 'view', ['Quote'], true),
  label('invert', 'view', ['i']),
  label('resetView', 'view', ['r']),
  label('hide', 'view', ['h']),
  label('predictions', 'panels', ['p']),
  label('why', 'panels', ['w']),
  label('model', 'panels', ['m']),
  label('train', 'panels', ['t']),
  { id: 'help', scope: 'global', group: 'panels', keys: ['Shift+?'] },
]

/** What people have put in place of the default keys, by action. */
export type Overrides = Readonly<Record<string, readonly string[]>>
export type Bound = Action & { isChanged: boolean }

/** All actions with the keys that they have now. */
export const boundActions = (overrides: Overrides, actions = ACTIONS): Bound[] =>
  actions.map((action) => {
    const changed = overrides[action.id]
    return { ...action, keys: changed ?? action.keys, isChanged: changed !== undefined }
  })

const pressOf = (binding: string) => {
  const press = parseKeybinding(binding)[0]
  if (press === undefined) throw new Error(`no key in ${JSON.stringify(binding)}`)
  return press
}

/** The action that a key press means on a screen, or undefined. */
export const actionOf = (
  event: KeyboardEvent,
  bound: readonly Bound[],
  scopes: readonly Scope[],
): Bound | undefined =>
  bound.find(
    (action) =>
      scopes.includes(action.scope) &&
      action.keys.some((binding) => matchKeybindingPress(event, pressOf(binding))),
  )

const TYPING = 'input, textarea, select, [contenteditable=""], [contenteditable="true"]'
const PRESSED_BY_KEY = 'button, a[href], [role="button"], [role="tab"], summary'

/** Whether a key press belongs to somebody else: to a text, a dialog, or a composition (IME). */
export const isInert = (event: KeyboardEvent): boolean => {
  if (event.isComposing || event.key === 'Process' || event.defaultPrevented) return true
  const target = event.target
  if (document.querySelector('[aria-modal="true"]') !== null) return true
  if (!(target instanceof Element)) return false
  if (target.closest(TYPING) !== null) return true
  const presses = event.key === 'Enter' || event.code === 'Space'
  return presses && target.closest(PRESSED_BY_KEY) !== null
}

const MODIFIERS = new Set(['Shift', 'Control', 'Alt', 'Meta', 'AltGraph', 'CapsLock', 'Dead'])
const LETTER = /^\p{L}$/u

/** The binding that a key press is, or null where it is none that can be bound. */
export const bindingOf = (event: KeyboardEvent): string | null => {
  if (MODIFIERS.has(event.key) || event.altKey || event.key === 'Tab') return null
  const names = [
    event.ctrlKey && 'Control',
    event.metaKey && 'Meta',
    event.shiftKey && 'Shift',
    LETTER.test(event.key) ? event.key.toLowerCase() : event.code,
  ]
  return names.filter((name) => typeof name === 'string').join('+')
}

/** Chords that the browser keeps for itself, so that a page never gets them. */
const OF_BROWSER = new Set(['Control+t', 'Control+n', 'Control+w', 'Meta+t', 'Meta+n', 'Meta+w'])
export const isOfBrowser = (binding: string): boolean =>
  OF_BROWSER.has(binding) || /^F\d+$/.test(binding) || binding === 'Escape'

const normalized = (binding: string): string => {
  const parts = binding.replace('[Shift]+', '').split('+')
  return parts.map((part) => (part === '$mod' ? 'Control' : part)).sort().join('+').toLowerCase()
}

const meet = (a: Scope, b: Scope): boolean => a === b || a === 'global' || b === 'global'

/** The other actions that a binding would also mean, on the same screen. */
export const conflictsOf = (id: string, binding: string, bound: readonly Bound[]): Bound[] => {
  const own = bound.find((action) => action.id === id)
  if (own === undefined) return []
  const wanted = normalized(binding)
  return bound.filter(
    (other) =>
      other.id !== id &&
      meet(own.scope, other.scope) &&
      other.keys.some((key) => normalized(key) === wanted),
  )
}

/** The overrides after an action got a key, which whoever had it before loses. */
export const rebind = (id: string, binding: string, overrides: Overrides): Overrides => {
  const bound = boundActions(overrides)
  const losers = conflictsOf(id, binding, bound).map((other) => {
    const kept = other.keys.filter((key) => normalized(key) !== normalized(binding))
    return [other.id, kept] as const
  })
  return { ...overrides, ...Object.fromEntries(losers), [id]: [binding] }
}

export const unbind = (id: string, overrides: Overrides): Overrides =>
  Object.fromEntries(Object.entries(overrides).filter(([other]) => other !== id))

const SIGNS: Readonly<Record<string, string>> = {
  Slash: '/',
  Equal: '+',
  Minus: '−',
  BracketLeft: '[',
  BracketRight: ']',
  Semicolon: ';',
  Quote: "'",
  Comma: ',',
  Period: '.',
  Backslash: '\\',
  Backquote: '`',
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Backspace: '⌫',
  Enter: '⏎',
  NumpadAdd: 'Num +',
  NumpadSubtract: 'Num −',
  NumpadDivide: 'Num /',
  Shift: '⇧',
  Control: 'Ctrl',
  Meta: '⌘',
}

const MOD = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? '') ? '⌘' : 'Ctrl'

const signOf = (part: string): string => {
  if (part === '$mod') return MOD
  const digit = /^Digit(\d)$/.exec(part)?.[1]
  if (digit !== undefined) return digit
  const numpad = /^Numpad(\d)$/.exec(part)?.[1]
  if (numpad !== undefined) return `Num ${numpad}`
  return SIGNS[part] ?? (part.length === 1 ? part.toUpperCase() : part)
}

/** The caps to print for a binding, such as `['⇧', '1']`. */
export const capsOf = (binding: string): string[] => {
  const shown = binding === 'Shift+?' ? '?' : binding.replace('[Shift]+', '')
  return shown.split('+').map(signOf)
}

/** The key to print on a button: the first of its action, in one piece. */
export const shortKey = (keys: readonly string[]): string => {
  const first = keys[0]
  return first === undefined ? '' : capsOf(first).join('')
}
