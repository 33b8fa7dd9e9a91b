import type { Job } from '../api/types'

/** What there is to say of a training. */
export type News = 'running' | 'failed' | 'cancelled' | 'interrupted' | 'accepted' | 'kept' | null

export const newsOf = (job: Job | null): News => {
  if (job === null) return null
  if (job.state !== 'done') return job.state
  if (job.is_accepted === null) return null
  return job.is_accepted ? 'accepted' : 'kept'
}

/** How far a training is, in [0, 1]; null where it does not say. */
export const shareOf = ({ progress }: Job): number | null => {
  const { epoch, n_epochs, n_done, n } = progress
  if (n_done !== null && n !== null && n > 0) return Math.min(1, n_done / n)
  if (epoch !== null && n_epochs !== null && n_epochs > 0) return Math.min(1, epoch / n_epochs)
  return null
}

const RECENT = 60 // seconds, beyond which the end of a training is no news when a page is opened

/** Whether news are worth a banner: what ended long before this page was opened is not. */
export const isNews = (job: Job | null, openedAt: number): boolean => {
  const news = newsOf(job)
  if (job === null || news === null) return false
  if (news === 'running' || news === 'interrupted') return true
  return (job.ended ?? 0) > openedAt - RECENT
}
