import { Button, useComputedColorScheme } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type uPlot from 'uplot'
import type { ModelOut, ProjectState } from '../../shared/api/types'
import { pointsOf, type CurvePoint } from '../../shared/charts/curve'
import { CurveTable } from '../../shared/charts/CurveTable'
import { Card } from './Card'
import styles from './Model.module.css'
import { color, Plot } from './Plot'

type Props = { state: ProjectState; models: readonly ModelOut[]; minMonitor: number }

/** The learning curve: labels to the right, accuracy upwards, with its interval. */
export const Curve = ({ state, models, minMonitor }: Props) => {
  const { t } = useTranslation()
  const [isTable, setIsTable] = useState(false)
  const points = useMemo(() => pointsOf(models), [models])
  const toggle = (
    <Button size="compact-sm" variant="subtle" aria-pressed={isTable} onClick={() => setIsTable(!isTable)}>
      {isTable ? t('app.chart') : t('app.table')}
    </Button>
  )
  return (
    <Card title={t('model.curve')} hint={t('model.curveHint')} aside={points.length > 0 && toggle}>
      {points.length === 0 ? (
        <p className={styles.soft}>
          {t('model.noEstimate', { min: minMonitor, n: state.counts.n_monitor_labeled })}
        </p>
      ) : (
        <>
          {!isTable && <CurvePlot points={points} />}
          <CurveTable models={models} isHidden={!isTable} />
        </>
      )}
    </Card>
  )
}

const RANGE: [number, number] = [0, 1]

const CurvePlot = ({ points }: { points: readonly CurvePoint[] }) => {
  const { t } = useTranslation()
  const scheme = useComputedColorScheme()
  const data = useMemo((): uPlot.AlignedData => {
    const column = (read: (point: CurvePoint) => number) => points.map(read)
    return [column((p) => p.nLabels), column((p) => p.high), column((p) => p.low), column((p) => p.score)]
  }, [points])
  const { series, bands } = useMemo(() => looks(scheme), [scheme])
  return (
    <Plot
      data={data}
      series={series}
      bands={bands}
      xLabel={t('curve.labels')}
      yLabel={t('curve.score')}
      yRange={RANGE}
    />
  )
}

/** A line in its band; made anew when the theme changes, as a canvas knows no variables. */
const looks = (_scheme: string): { series: uPlot.Series[]; bands: uPlot.Band[] } => {
  const stroke = color('--accent')
  const edge: uPlot.Series = { stroke: `${stroke}55`, width: 1, points: { show: false } }
  const line: uPlot.Series = { stroke, width: 2, points: { show: true, size: 7, fill: stroke } }
  return { series: [{}, edge, edge, line], bands: [{ series: [1, 2], fill: `${stroke}26` }] }
}
