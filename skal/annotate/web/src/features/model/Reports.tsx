import { useTranslation } from 'react-i18next'
import type { ClassOut, ModelReport } from '../../shared/api/types'
import { useFormat } from '../../shared/format/useFormat'
import { Swatch } from '../../shared/ui/Swatch'
import { Card } from './Card'
import { shadeOf } from './model'
import styles from './Model.module.css'

type Props = { report: ModelReport; classes: readonly ClassOut[] }

/** How good the model is at each label. */
export const PerClass = ({ report, classes }: Props) => {
  const { t } = useTranslation()
  const format = useFormat()
  const share = (value: number | null) => (value === null ? '–' : format.percent(value))
  return (
    <Card title={t('model.perClass')}>
      <div className={styles.scroll} tabIndex={0} role="region" aria-label={t('model.perClass')}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t('model.label')}</th>
              <th scope="col">{t('model.precision')}</th>
              <th scope="col">{t('model.recall')}</th>
              <th scope="col">{t('model.f1')}</th>
              <th scope="col">{t('model.support')}</th>
            </tr>
          </thead>
          <tbody>
            {report.per_class.map((row) => (
              <tr key={row.label_id}>
                <th scope="row">
                  <ClassName classes={classes} id={row.label_id} />
                </th>
                <td>{share(row.precision)}</td>
                <td>{share(row.recall)}</td>
                <td>{share(row.f1)}</td>
                <td>{row.n}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  )
}

const ClassName = ({ classes, id }: { classes: readonly ClassOut[]; id: number }) => {
  const index = classes.findIndex((label) => label.id === id)
  const label = classes[index]
  if (label === undefined) return <>{id}</>
  return (
    <span className={styles.className}>
      <Swatch color={label.color} index={index} size={14} />
      <span>{label.name}</span>
    </span>
  )
}

/** Which labels are taken for which, by people and by the model. */
export const Confusion = ({ report, classes }: Props) => {
  const { t } = useTranslation()
  const ids = report.confusion_label_ids
  const nameOf = (id: number | undefined) => classes.find((label) => label.id === id)?.name ?? String(id)
  return (
    <Card title={t('model.confusion')} hint={t('model.confusionHint', { n: report.n })}>
      <div className={styles.scroll} tabIndex={0} role="region" aria-label={t('model.confusion')}>
        <table className={styles.matrix}>
          <thead>
            <tr>
              <td />
              {ids.map((id) => (
                <th key={id} scope="col">
                  <ClassName classes={classes} id={id} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {report.confusion.map((row, i) => (
              <tr key={ids[i]}>
                <th scope="row">
                  <ClassName classes={classes} id={ids[i] ?? 0} />
                </th>
                {row.map((n, j) => (
                  <td
                    key={ids[j]}
                    title={t('model.cell', { row: nameOf(ids[i]), column: nameOf(ids[j]), n })}
                    data-right={i === j || undefined}
                  >
                    <span className={styles.shade} style={{ opacity: 0.42 * shadeOf(n, row) }} aria-hidden="true" />
                    <span className={styles.cellNumber}>{n}</span>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  )
}

/** Whether the model is right as often as it is sure. */
export const Calibration = ({ report }: { report: ModelReport }) => {
  const { t } = useTranslation()
  const format = useFormat()
  const bins = report.calibration.filter(({ n }) => n > 0)
  const share = (value: number | null) => (value === null ? '–' : format.percent(value))
  return (
    <Card title={t('model.calibration')} hint={t('model.calibrationHint')}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{t('model.sure')}</th>
            <th scope="col">{t('model.right')}</th>
            <th scope="col">{t('model.support')}</th>
          </tr>
        </thead>
        <tbody>
          {bins.map((bin) => (
            <tr key={bin.low}>
              <th scope="row">{share(bin.mean_probability)}</th>
              <td>
                <span className={styles.gauge} aria-hidden="true">
                  <span style={{ width: `${100 * (bin.accuracy ?? 0)}%` }} />
                  <i style={{ left: `${100 * (bin.mean_probability ?? 0)}%` }} />
                </span>
                {share(bin.accuracy)}
              </td>
              <td>{bin.n}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  )
}
