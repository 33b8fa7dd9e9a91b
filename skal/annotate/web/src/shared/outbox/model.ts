import type { Action } from '../api/types'

/** An action that waits to be on the server's disk. */
export type Letter = { seq: number; projectId: string; annotator: string; action: Action }
export type NewLetter = Omit<Letter, 'seq'>

/** A letter that the server has refused: shown until somebody has decided what becomes of it. */
export type Refused = { letter: Letter; kind: string; message: string; fix: string | null }

export const FIRST_WAIT = 500
export const LONGEST_WAIT = 10_000

/** How long to wait before trying again, in ms, after so many failures in a row. */
export const waitAfter = (nFailures: number): number =>
  Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.max(0, nFailures - 1))

const NEW_ANSWERS = new Set(['label', 'unsure', 'exclude', 'skip'])

/** Images whose new answers the server does not know yet. */
export const unsentItems = (letters: readonly Letter[]): Set<number> => {
  const ids = letters
    .filter(({ action }) => NEW_ANSWERS.has(action.kind))
    .map(({ action }) => action.item_id)
  return new Set(ids.filter((id) => typeof id === 'number'))
}

/** The letters at the front that can travel together: those of one person in one project. */
export const batchOf = (letters: readonly Letter[], size: number): Letter[] => {
  const first = letters[0]
  if (first === undefined) return []
  const end = letters.findIndex(
    (letter) => letter.projectId !== first.projectId || letter.annotator !== first.annotator,
  )
  return letters.slice(0, Math.min(size, end < 0 ? letters.length : end))
}
