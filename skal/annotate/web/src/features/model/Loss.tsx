import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type uPlot from 'uplot'
import type { Job } from '../../shared/api/types'
import { useFormat } from '../../shared/format/useFormat'
import { Card } from './Card'
import { addLoss, type Losses } from './model'
import styles from './Model.module.css'
import { color, Plot } from './Plot'

/** The loss of the training that runs, epoch by epoch; learners without epochs have none. */
export const Loss = ({ job }: { job: Job | null }) => {
  const { t } = useTranslation()
  const losses = useLosses(job)
  if (losses === null || losses.epochs.length < 2) return null
  return (
    <Card title={t('model.loss')}>
      <LossPlot losses={losses} />
    </Card>
  )
}

const useLosses = (job: Job | null): Losses | null => {
  const [losses, setLosses] = useState<Losses | null>(null)
  useEffect(() => {
    if (job !== null) setLosses((known) => addLoss(known, job))
  }, [job])
  return losses
}

const LossPlot = ({ losses }: { losses: Losses }) => {
  const { t } = useTranslation()
  const format = useFormat()
  const scheme = useComputedColorScheme()
  const data = useMemo((): uPlot.AlignedData => [[...losses.epochs], [...losses.values]], [losses])
  const series = useMemo(() => lossLook(scheme), [scheme])
  return (
    <>
      <Plot data={data} series={series} xLabel={t('model.epoch')} yLabel={t('model.lossValue')} height={200} />
      <div className="visually-hidden">
        <table className={styles.table}>
          <caption>{t('model.loss')}</caption>
          <tbody>
            {losses.epochs.map((epoch, i) => (
              <tr key={epoch}>
                <th scope="row">{epoch}</th>
                <td>{format.decimal(losses.values[i] ?? 0, 3)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

const lossLook = (_scheme: string): uPlot.Series[] => [{}, { stroke: color('--accent'), width: 2 }]
