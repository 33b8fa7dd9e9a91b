import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import type { ProjectState } from '../../../shared/api/types'
import { CurveTable } from '../../../shared/charts/CurveTable'
import { pointsOf } from '../../../shared/charts/curve'
import { Sparkline } from '../../../shared/charts/Sparkline'
import { useFormat } from '../../../shared/format/useFormat'
import { useModels } from '../../../shared/project/queries'
import { Panel } from '../../../shared/ui/Panel'
import styles from './Rail.module.css'

/** How good the model is, on images that were answered blind. */
export const CurvePanel = memo(({ state }: { state: ProjectState }) => {
  const { t } = useTranslation()
  const format = useFormat()
  const { data } = useModels(state.id)
  const { estimate } = state
  const score = estimate && <span className={styles.value}>{format.percent(estimate.score)}</span>
  return (
    <Panel title={t('curve.title')} aside={score}>
      {estimate === null ? (
        <p className={styles.soft}>
          <strong>{t('curve.none')}</strong>
          <br />
          {state.no_estimate ??
            t('curve.noneWhy', { min: data?.min_monitor ?? 20, n: state.counts.n_monitor_labeled })}
        </p>
      ) : (
        <>
          {data && <Sparkline points={pointsOf(data.models)} />}
          <p className={styles.soft}>
            {t(estimate.kind === 'held-out' ? 'curve.basis' : 'curve.basisRunning', {
              low: format.percent(estimate.low),
              high: format.percent(estimate.high),
              n: estimate.n,
            })}
          </p>
          {data && <CurveTable models={data.models} isHidden />}
        </>
      )}
    </Panel>
  )
})
CurvePanel.displayName = 'CurvePanel'
