import { pathOf, scale, type CurvePoint } from './curve'
import styles from './Charts.module.css'

const WIDTH = 268
const HEIGHT = 64
const PAD = 6

/** The learning curve in a corner: a line within its interval. The table beside it says the same. */
export const Sparkline = ({ points }: { points: readonly CurvePoint[] }) => {
  if (points.length === 0) return null
  const labels = points.map(({ nLabels }) => nLabels)
  const x = scale([Math.min(...labels), Math.max(...labels)], [PAD, WIDTH - PAD])
  const lowest = Math.min(...points.map(({ low }) => low))
  const highest = Math.max(...points.map(({ high }) => high))
  const y = scale([lowest, highest], [HEIGHT - PAD, PAD])
  const upper = points.map((p) => [x(p.nLabels), y(p.high)] as const)
  const lower = points.map((p) => [x(p.nLabels), y(p.low)] as const)
  const line = points.map((p) => [x(p.nLabels), y(p.score)] as const)
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className={styles.spark} aria-hidden="true">
      {points.length > 1 && <path className={styles.band} d={`${pathOf([...upper, ...[...lower].reverse()])}Z`} />}
      {points.length > 1 && <path className={styles.line} d={pathOf(line)} />}
      {points.length === 1 && <path className={styles.whisker} d={pathOf([...upper, ...lower])} />}
      {line.map(([cx, cy], i) => (
        <circle key={points[i]?.modelId} className={styles.dot} cx={cx} cy={cy} r={i === line.length - 1 ? 3.5 : 2} />
      ))}
    </svg>
  )
}
