import type { Job, ModelOut } from '../../shared/api/types'

/** What became of a model. */
export type Fate = 'inUse' | 'replaced' | 'notUsed'

export const fateOf = ({ is_current, is_accepted }: ModelOut): Fate =>
  is_current ? 'inUse' : is_accepted ? 'replaced' : 'notUsed'

/** The losses of one training, as far as they were told, by epoch. */
export type Losses = { jobId: number; epochs: readonly number[]; values: readonly number[] }

export const addLoss = (losses: Losses | null, job: Job): Losses | null => {
  const { epoch, train_loss: loss } = job.progress
  if (epoch === null || loss === null) return losses?.jobId === job.id ? losses : null
  if (losses?.jobId !== job.id) return { jobId: job.id, epochs: [epoch], values: [loss] }
  if (losses.epochs.at(-1) === epoch) return losses
  return { ...losses, epochs: [...losses.epochs, epoch], values: [...losses.values, loss] }
}

/** How dark a cell of a confusion matrix is: by its share of the row. */
export const shadeOf = (n: number, row: readonly number[]): number => {
  const total = row.reduce((sum, value) => sum + value, 0)
  return total === 0 ? 0 : n / total
}

/** The labels that training needs at least, of which some are there. */
export const needed = (nClasses: number): number => Math.max(10, 2 * nClasses)
