import { Button } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useConnection } from '../../shared/api/connection'
import type { ModelOut, ProjectState } from '../../shared/api/types'
import { useFormat } from '../../shared/format/useFormat'
import { saveLabels } from '../../shared/files/labels'
import { useModels, useProjectState, useSession } from '../../shared/project/queries'
import { hrefOf } from '../../shared/router'
import { TrainDialog } from '../../shared/training/TrainDialog'
import { TrainingBanner } from '../../shared/training/TrainingBanner'
import { ErrorMessage } from '../../shared/ui/Message'
import { useIsSlow } from '../../shared/ui/Slowly'
import { useReport } from './api'
import { Curve } from './Curve'
import { Loss } from './Loss'
import styles from './Model.module.css'
import { ModelsTable } from './ModelsTable'
import { NoModel } from './NoModel'
import { Calibration, Confusion, PerClass } from './Reports'

/** How good the model is, on what, and which models there were. */
const ModelScreen = ({ projectId }: { projectId: string }) => {
  const { t } = useTranslation()
  const { data: state, error: stateError, refetch } = useProjectState(projectId)
  const models = useModels(projectId)
  const error = stateError ?? models.error
  const isSlow = useIsSlow(state === undefined || models.data === undefined)
  const retry = () => {
    void refetch()
    void models.refetch()
  }
  if (state === undefined || models.data === undefined) {
    if (error !== null) return <ErrorMessage title={t('model.failed')} error={error} onRetry={retry} />
    return isSlow ? <p className={styles.computing}>{t('model.computing')}</p> : null
  }
  return <Known state={state} models={models.data.models} minMonitor={models.data.min_monitor} />
}

export default ModelScreen

type Props = { state: ProjectState; models: readonly ModelOut[]; minMonitor: number }

const Known = ({ state, models, minMonitor }: Props) => {
  const { t } = useTranslation()
  const isOnline = useConnection((connection) => connection.isOnline)
  const { data: session } = useSession()
  const canChange = session?.role === 'owner' && !state.is_read_only
  return (
    <div className={styles.screen}>
      <Header state={state} canTrain={!state.is_read_only} />
      {!isOnline && (
        <p role="status" className={styles.stale}>
          {t('model.stale')}
        </p>
      )}
      <TrainingBanner state={state} />
      {models.length === 0 ? (
        <NoModel state={state} />
      ) : (
        <div className={styles.cards}>
          <Curve state={state} models={models} minMonitor={minMonitor} />
          <Loss job={state.job} />
          <ReportCards state={state} />
          <ModelsTable state={state} models={models} canChange={canChange} />
        </div>
      )}
    </div>
  )
}

const Header = ({ state, canTrain }: { state: ProjectState; canTrain: boolean }) => {
  const { t } = useTranslation()
  const format = useFormat()
  const [isAsking, setIsAsking] = useState(false)
  const isRunning = state.job?.state === 'running'
  const { model } = state
  return (
    <header className={styles.header}>
      <div>
        <h1>{t('model.title')}</h1>
        <p className={styles.soft}>
          {model !== null && t('status.model', { id: model.id, n: format.count(model.n_labels) })}
          {model !== null && model.n_behind > 0 && ` · ${t('model.behind', { count: model.n_behind })}`}
        </p>
        <p className={styles.soft}>
          {t('model.policy', { policy: t(`settings.policies.${state.settings.auto_train.policy}`) })}
          {' · '}
          <a href={hrefOf({ screen: 'settings' })}>{t('model.change')}</a>
        </p>
      </div>
      <div className={styles.actions}>
        <Button variant="default" onClick={() => saveLabels(state)}>
          {t('label.download')}
        </Button>
        {canTrain && (
          <Button disabled={isRunning} onClick={() => setIsAsking(true)}>
            {t('model.train')}
          </Button>
        )}
      </div>
      <TrainDialog state={state} isOpen={isAsking} onClose={() => setIsAsking(false)} />
    </header>
  )
}

const ReportCards = ({ state }: { state: ProjectState }) => {
  const { t } = useTranslation()
  const { data, error, refetch, isPending } = useReport(state.id, state.model?.id ?? null)
  const isSlow = useIsSlow(isPending)
  if (error !== null) return <ErrorMessage title={t('model.failed')} error={error} onRetry={() => void refetch()} />
  if (data === undefined) return isSlow ? <p className={styles.computing}>{t('model.computing')}</p> : null
  if (data.estimate === null) return null
  return (
    <>
      <PerClass report={data} classes={state.classes} />
      <Confusion report={data} classes={state.classes} />
      <Calibration report={data} />
    </>
  )
}
