import { useTranslation } from 'react-i18next'
import { useConnection } from '../../shared/api/connection'
import type { ProjectState } from '../../shared/api/types'
import { useFormat } from '../../shared/format/useFormat'
import { useOutbox } from '../../shared/outbox/outbox'
import { usePreferences } from '../../shared/settings/store'
import { useIsSlow } from '../../shared/ui/Slowly'
import styles from './StatusBar.module.css'

const PATIENCE = 500 // ms, beyond which saving is worth a word

/** The last line: whether all is saved, and how old the model is. */
export const StatusBar = ({ state }: { state: ProjectState }) => {
  const { t } = useTranslation()
  const showsPredictions = usePreferences((preferences) => preferences.showsPredictions)
  const isBlind = state.settings.predictions === 'blind'
  const shown = showsPredictions ? t('status.predictionsOn') : t('status.predictionsOff')
  return (
    <footer className={styles.bar}>
      <Saved />
      <span className={styles.space} />
      {state.model !== null && <span>{isBlind ? t('status.predictionsBlind') : shown}</span>}
      <ModelAge state={state} />
    </footer>
  )
}

const Saved = () => {
  const { t } = useTranslation()
  const { letters, isDurable } = useOutbox()
  const isOnline = useConnection((connection) => connection.isOnline)
  const isSlow = useIsSlow(letters.length > 0, PATIENCE)
  const kind = !isOnline ? 'offline' : isSlow ? 'saving' : 'saved'
  return (
    <span className={styles.saved} data-kind={kind} data-testid="saved" data-waiting={letters.length}>
      <span className={styles.dot} aria-hidden="true" />
      {kind === 'saving' ? t('status.saving', { count: letters.length }) : t(`status.${kind}`)}
      {!isDurable && <strong> {t('status.notDurable')}</strong>}
    </span>
  )
}

const ModelAge = ({ state }: { state: ProjectState }) => {
  const { t } = useTranslation()
  const format = useFormat()
  const { model } = state
  if (model === null) return <span>{t('status.noModel')}</span>
  const age = model.n_behind > 0 ? t('status.behind', { count: model.n_behind }) : t('status.upToDate')
  return (
    <span data-testid="model-age">
      {t('status.model', { id: model.id, n: format.count(model.n_labels) })} · {age}
    </span>
  )
}
