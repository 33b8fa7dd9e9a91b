import { Button, CloseButton } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Job, ProjectState } from '../api/types'
import { useFormat } from '../format/useFormat'
import { hrefOf } from '../router'
import { isNews, newsOf, shareOf } from './model'
import styles from './TrainingBanner.module.css'
import { useTraining } from './useTraining'

const openedAt = Date.now() / 1000
const dismissed = new Set<string>()

/** A slim line about the training that runs, or that has just ended. It takes no room of its own. */
export const TrainingBanner = ({ state }: { state: ProjectState }) => {
  const [, setCount] = useState(0)
  const { job } = state
  const name = `${state.id}/${job?.id}/${job?.state}`
  if (job === null || !isNews(job, openedAt) || dismissed.has(name)) return null
  const dismiss = () => {
    dismissed.add(name)
    setCount((count) => count + 1)
  }
  return (
    <div className={styles.banner} role="status" data-news={newsOf(job)} data-testid="training">
      {job.state === 'running' ? <Running state={state} job={job} /> : <Ended state={state} job={job} dismiss={dismiss} />}
    </div>
  )
}

const Running = ({ state, job }: { state: ProjectState; job: Job }) => {
  const { t } = useTranslation()
  const { cancel, isCancelling } = useTraining(state)
  const share = shareOf(job)
  return (
    <>
      <span className={styles.pulse} aria-hidden="true" />
      <span className={styles.title}>{t('training.running')}</span>
      <span className={styles.soft}>{useProgressText(job)}</span>
      <span className={styles.space} />
      <Button size="compact-sm" variant="default" onClick={cancel} disabled={isCancelling}>
        {isCancelling ? t('training.cancelling') : t('training.cancel')}
      </Button>
      {share !== null && <span className={styles.progress} style={{ width: `${100 * share}%` }} />}
    </>
  )
}

const PHASES = ['starting', 'training', 'predicting'] as const

const useProgressText = (job: Job): string => {
  const { t } = useTranslation()
  const format = useFormat()
  const { phase, epoch, n_epochs, n_done, n } = job.progress
  const known = PHASES.find((name) => name === phase) ?? 'starting'
  const parts = [
    t(`training.phase.${known}`),
    epoch !== null && (n_epochs === null ? t('training.epochOnly', { n: epoch }) : t('training.epoch', { n: epoch, total: n_epochs })),
    n_done !== null && n !== null && t('training.images', { n: format.count(n_done), total: format.count(n) }),
    job.eta_s !== null && t('training.eta', { time: format.span(job.eta_s) }),
    job.n_new_labels > 0 && t('training.since', { n: format.count(job.n_new_labels) }),
  ]
  return parts.filter((part) => part !== false).join(' · ')
}

const Ended = ({ state, job, dismiss }: { state: ProjectState; job: Job; dismiss: () => void }) => {
  const { t } = useTranslation()
  const training = useTraining(state)
  const news = newsOf(job)
  if (news === null || news === 'running') return null
  const canRepeat = news === 'failed' || news === 'interrupted'
  const modelId = job.model_id
  return (
    <>
      <span className={styles.title}>{t(`training.${news}`)}</span>
      <span className={styles.soft}>{job.message}</span>
      <span className={styles.space} />
      {canRepeat && job.log.length > 0 && <Log lines={job.log} />}
      {canRepeat && (
        <Button size="compact-sm" variant="default" onClick={training.train}>
          {t('training.again')}
        </Button>
      )}
      {news === 'kept' && modelId !== null && (
        <>
          <Button size="compact-sm" variant="default" onClick={() => training.use(modelId)}>
            {t('training.useNew')}
          </Button>
          <Button size="compact-sm" variant="subtle" component="a" href={hrefOf({ screen: 'model', projectId: state.id })}>
            {t('training.why')}
          </Button>
        </>
      )}
      {news === 'interrupted' ? (
        <Button size="compact-sm" variant="subtle" onClick={dismiss}>
          {t('training.discard')}
        </Button>
      ) : (
        <CloseButton size="sm" aria-label={t('app.dismiss')} onClick={dismiss} />
      )}
    </>
  )
}

const Log = ({ lines }: { lines: readonly string[] }) => {
  const { t } = useTranslation()
  return (
    <details className={styles.log}>
      <summary>{t('training.log')}</summary>
      <pre>{lines.join('\n')}</pre>
    </details>
  )
}
