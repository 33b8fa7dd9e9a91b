import { useTranslation } from 'react-i18next'
import type { ModelOut } from '../api/types'
import { useFormat } from '../format/useFormat'
import styles from './Charts.module.css'

/** The learning curve in numbers: what a chart shows, for those who do not see it. */
export const CurveTable = ({ models, isHidden = false }: { models: readonly ModelOut[]; isHidden?: boolean }) => {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <div className={isHidden ? 'visually-hidden' : undefined}>
    <table className={styles.table}>
      <caption className="visually-hidden">{t('curve.table')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('curve.modelNumber')}</th>
          <th scope="col">{t('curve.labels')}</th>
          <th scope="col">{t('curve.score')}</th>
          <th scope="col">{t('curve.interval')}</th>
          <th scope="col">{t('curve.n')}</th>
        </tr>
      </thead>
      <tbody>
        {models.map(({ id, n_labels, estimate }) => (
          <tr key={id}>
            <th scope="row">{id}</th>
            <td>{format.count(n_labels)}</td>
            <td>{estimate === null ? t('curve.noPoint') : format.percent(estimate.score, 1)}</td>
            <td>{estimate !== null && `${format.percent(estimate.low, 1)} – ${format.percent(estimate.high, 1)}`}</td>
            <td>{estimate?.n}</td>
          </tr>
        ))}
      </tbody>
    </table>
    </div>
  )
}
