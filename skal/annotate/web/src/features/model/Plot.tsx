import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import styles from './Model.module.css'

type Props = {
  data: uPlot.AlignedData
  series: uPlot.Series[]
  bands?: uPlot.Band[]
  xLabel: string
  yLabel: string
  yRange?: [number, number]
  height?: number
}

const css = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim()

/** A chart for those who see it; what it says is also in a table. */
export const Plot = ({ data, series, bands = [], xLabel, yLabel, yRange, height = 260 }: Props) => {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const axis = (label: string): uPlot.Axis => ({
      label,
      stroke: css('--ink-soft'),
      font: `12px ${css('--font')}`,
      labelFont: `12px ${css('--font')}`,
      grid: { stroke: css('--line'), width: 1 },
      ticks: { stroke: css('--line'), width: 1 },
    })
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height,
        series,
        bands,
        legend: { show: false },
        cursor: { drag: { x: false, y: false } },
        scales: { x: { time: false }, y: yRange === undefined ? {} : { range: yRange } },
        axes: [axis(xLabel), axis(yLabel)],
      },
      data,
      element,
    )
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      plot.destroy()
    }
  }, [data, series, bands, xLabel, yLabel, yRange, height])
  return <div ref={place} className={styles.plot} aria-hidden="true" />
}

export const color = css
