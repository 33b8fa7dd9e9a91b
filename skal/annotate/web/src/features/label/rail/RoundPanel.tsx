import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import type { ProjectState, Round } from '../../../shared/api/types'
import { useFormat } from '../../../shared/format/useFormat'
import { Panel } from '../../../shared/ui/Panel'
import { nOfPace, pace, type Moments } from '../rate'
import styles from './Rail.module.css'

type Props = { state: ProjectState; round: Round; moments: Moments }

/** How far this round is, and how fast it goes. */
export const RoundPanel = memo(({ state, round, moments }: Props) => {
  const { t } = useTranslation()
  const format = useFormat()
  const { counts } = state
  const nAnswered = counts.n_labeled + counts.n_unsure + counts.n_excluded
  const progress = t('round.progress', { n: round.n_done, size: round.size })
  const rest = [
    counts.n_unsure > 0 && t('round.aside_unsure', { count: counts.n_unsure }),
    counts.n_flagged > 0 && t('round.aside_flagged', { count: counts.n_flagged }),
    counts.n_unreadable > 0 && t('round.unreadable', { count: counts.n_unreadable }),
  ].filter((text) => text !== false)
  return (
    <Panel
      title={t('round.title', { number: round.number })}
      aside={<span className={styles.value}>{progress}</span>}
    >
      <div
        role="progressbar"
        aria-label={t('round.title', { number: round.number })}
        aria-valuenow={round.n_done}
        aria-valuemax={round.size}
        className={styles.track}
      >
        <div className={styles.fill} style={{ width: `${(100 * round.n_done) / round.size}%` }} />
      </div>
      <Pace moments={moments} nRound={round.size - round.n_done} nAll={counts.n_items - nAnswered} />
      <p className={styles.soft}>
        {t('round.total', { n: format.count(nAnswered), total: format.count(counts.n_items) })}
      </p>
      {rest.length > 0 && <p className={styles.soft}>{rest.join(' · ')}</p>}
      {state.warming_up !== null && <p className={styles.hint}>{state.warming_up}</p>}
    </Panel>
  )
})
RoundPanel.displayName = 'RoundPanel'

const Pace = ({ moments, nRound, nAll }: { moments: Moments; nRound: number; nAll: number }) => {
  const { t } = useTranslation()
  const format = useFormat()
  const seconds = pace(moments)
  if (seconds === null || seconds === 0) return null
  const texts = [
    t('round.rate', { n: format.count(Math.round(60 / seconds)) }),
    t('round.eta', { round: format.span(seconds * nRound) }),
    t('round.etaAll', { all: format.span(seconds * nAll) }),
  ]
  return (
    <p className={styles.soft} title={t('round.etaTitle', { n: nOfPace(moments) })} data-testid="eta">
      {texts.join(' · ')}
    </p>
  )
}
