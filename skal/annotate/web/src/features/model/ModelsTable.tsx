import { Button, Group, Modal } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ModelOut, ProjectState } from '../../shared/api/types'
import { useFormat } from '../../shared/format/useFormat'
import { useTraining } from '../../shared/training/useTraining'
import { toastError } from '../../shared/ui/toasts'
import { downloadModel } from './api'
import { Card } from './Card'
import { fateOf } from './model'
import styles from './Model.module.css'

type Props = { state: ProjectState; models: readonly ModelOut[]; canChange: boolean }

/** All models, the newest first: which one is in use, and why. */
export const ModelsTable = ({ state, models, canChange }: Props) => {
  const { t } = useTranslation()
  return (
    <Card title={t('model.rounds')}>
      <div className={styles.scroll} tabIndex={0} role="region" aria-label={t('model.rounds')}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t('model.number')}</th>
              <th scope="col">{t('model.labels')}</th>
              <th scope="col">{t('model.score')}</th>
              <th scope="col">{t('model.strategy')}</th>
              <th scope="col">{t('model.estimator')}</th>
              <th scope="col">{t('model.duration')}</th>
              <th scope="col">{t('model.made')}</th>
              <th scope="col">{t('model.state')}</th>
            </tr>
          </thead>
          <tbody>
            {[...models].reverse().map((model) => (
              <ModelRow key={model.id} state={state} model={model} canChange={canChange} />
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  )
}

type RowProps = { state: ProjectState; model: ModelOut; canChange: boolean }

const ModelRow = ({ state, model, canChange }: RowProps) => {
  const { t } = useTranslation()
  const format = useFormat()
  const { estimate } = model
  const score =
    estimate &&
    `${format.percent(estimate.score, 1)} (${format.percent(estimate.low)}–${format.percent(estimate.high)}, n = ${estimate.n})`
  return (
    <tr data-model={model.id}>
      <th scope="row">{model.id}</th>
      <td>{format.count(model.n_labels)}</td>
      <td>{score ?? t('curve.noPoint')}</td>
      <td>{model.strategy}</td>
      <td>{model.estimator}</td>
      <td>{model.seconds !== null && format.span(model.seconds)}</td>
      <td>{format.ago(model.created)}</td>
      <td>
        <div className={styles.fate}>
          <strong data-fate={fateOf(model)}>{t(`model.${fateOf(model)}`)}</strong>
          <span className={styles.actions}>
            {canChange && !model.is_current && <UseButton state={state} model={model} />}
            <DownloadButton state={state} model={model} />
          </span>
        </div>
        <div className={styles.soft}>{model.reason}</div>
      </td>
    </tr>
  )
}

const UseButton = ({ state, model }: { state: ProjectState; model: ModelOut }) => {
  const { t } = useTranslation()
  const [isAsking, setIsAsking] = useState(false)
  const { use } = useTraining(state)
  const confirm = () => {
    setIsAsking(false)
    use(model.id)
  }
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={() => setIsAsking(true)}>
        {t('model.use')}
      </Button>
      <Modal
        opened={isAsking}
        onClose={() => setIsAsking(false)}
        title={t('model.useTitle', { id: model.id })}
        lockScroll={false}
        closeButtonProps={{ 'aria-label': t('app.close') }}
      >
        <p>{t('model.useText')}</p>
        <Group justify="flex-end">
          <Button variant="default" onClick={() => setIsAsking(false)}>
            {t('app.cancel')}
          </Button>
          <Button onClick={confirm} data-autofocus>
            {t('model.use')}
          </Button>
        </Group>
      </Modal>
    </>
  )
}

const DownloadButton = ({ state, model }: { state: ProjectState; model: ModelOut }) => {
  const { t } = useTranslation()
  const [isBusy, setIsBusy] = useState(false)
  const download = () => {
    setIsBusy(true)
    downloadModel(state.id, model.id, state.name)
      .catch(toastError)
      .finally(() => setIsBusy(false))
  }
  return (
    <Button size="compact-xs" variant="default" disabled={isBusy} onClick={download}>
      {isBusy ? t('model.downloading') : t('model.download')}
    </Button>
  )
}
