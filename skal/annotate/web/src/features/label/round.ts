import type { Action, Round } from '../../shared/api/types'

const COUNTED = new Set(['label', 'unsure', 'exclude'])

/** The round with the answers that are still on their way to the server. */
export const roundWith = (round: Round, nOnTheWay: number): Round => {
  const n = Math.max(0, round.n_done + nOnTheWay)
  if (n < round.size) return { ...round, n_done: n }
  return { ...round, number: round.number + Math.floor(n / round.size), n_done: n % round.size }
}

/** How many answers the letters on their way add to a round. */
export const nCounted = (actions: readonly Action[]): number =>
  actions.filter(({ kind }) => COUNTED.has(kind)).length
