import type { Action, Prediction } from '../../shared/api/types'
import { isAnswer, type Card, type Change } from './model'

/** The message for the server that a change is. */
export const actionOf = (
  card: Card,
  change: Change,
  key: string,
  now: number,
  isShown: boolean,
): Action => {
  const shown = isShown && !card.isBlind && card.predictions !== null
  return {
    kind: change.kind,
    key,
    item_id: card.item.id,
    label_id: change.kind === 'label' ? change.labelId : null,
    flag: change.kind === 'flag' ? change.flag : null,
    note: change.kind === 'note' ? change.note : null,
    client_ts: now,
    seen_event_id: isAnswer(change) ? (card.item.event_id ?? 0) : null,
    model_id: shown ? card.modelId : null,
    shown_prediction: shown ? byName(card.predictions) : null,
  }
}

const byName = (predictions: readonly Prediction[] | null): Record<string, number> =>
  Object.fromEntries((predictions ?? []).map(({ name, probability }) => [name, probability]))

/** The most probable label, where something is predicted. */
export const topOf = (card: Card): Prediction | null =>
  card.isBlind
    ? null
    : (card.predictions ?? []).reduce<Prediction | null>(
        (best, now) => (best === null || now.probability > best.probability ? now : best),
        null,
      )

export const probabilityOf = (card: Card | null, labelId: number): number | null =>
  card === null || card.isBlind
    ? null
    : (card.predictions?.find((prediction) => prediction.label_id === labelId)?.probability ?? null)
