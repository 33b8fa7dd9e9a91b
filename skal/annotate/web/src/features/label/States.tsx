import { Button, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useConnection } from '../../shared/api/connection'
import type { ProjectState } from '../../shared/api/types'
import { useFormat } from '../../shared/format/useFormat'
import { saveLabels } from '../../shared/files/labels'
import { shortKey } from '../../shared/keys/model'
import { useKeysOf } from '../../shared/keys/useKeys'
import { useAddLabel } from '../../shared/project/queries'
import { hrefOf } from '../../shared/router'
import { ErrorMessage, Message } from '../../shared/ui/Message'
import { useIsSlow } from '../../shared/ui/Slowly'
import { toastError } from '../../shared/ui/toasts'
import { scanAgain } from './api'
import type { DeskControl } from './desk'
import styles from './StageArea.module.css'
import { useDeskValue } from './useDesk'

/** What is said where no image is on the stage. */
export const NothingToShow = ({ desk, state }: { desk: DeskControl; state: ProjectState }) => {
  const { sitting, hasFetched, error } = useDeskValue(desk, (value) => value)
  const isOnline = useConnection((connection) => connection.isOnline)
  const isSlow = useIsSlow(true)
  return <div className={styles.cover}>{chooseMessage()}</div>

  function chooseMessage() {
    if (state.counts.n_items === 0) return <NoImages state={state} />
    if (sitting.isExhausted) return <AllLabeled state={state} />
    if (!isOnline) return <Paused />
    if (error !== null) return <Failed error={error} onRetry={() => void desk.refill()} />
    return isSlow && hasFetched ? <Waiting /> : null
  }
}

const Failed = ({ error, onRetry }: { error: unknown; onRetry: () => void }) => {
  const { t } = useTranslation()
  return <ErrorMessage title={t('label.failed')} error={error} onRetry={onRetry} />
}

const Waiting = () => {
  const { t } = useTranslation()
  return <Message title={t('app.loading')} role="status" />
}

const Paused = () => {
  const { t } = useTranslation()
  return (
    <Message title={t('label.pauseTitle')} role="status">
      {t('label.pauseText')}
    </Message>
  )
}

const NoImages = ({ state }: { state: ProjectState }) => {
  const { t } = useTranslation()
  const format = useFormat()
  if (state.scan.phase === 'running')
    return <Message title={t('label.scanning', { n: format.count(state.scan.n_done) })} role="status" />
  const scan = () => void scanAgain(state.id).catch(toastError)
  return (
    <Message title={t('label.empty')} actions={<Button onClick={scan}>{t('label.scanNow')}</Button>}>
      <p>{t('label.emptyFix')}</p>
      {state.counts.n_unreadable > 0 && <p>{t('round.unreadable', { count: state.counts.n_unreadable })}</p>}
    </Message>
  )
}

const AllLabeled = ({ state }: { state: ProjectState }) => {
  const { t } = useTranslation()
  const actions = (
    <>
      <Button component="a" href={hrefOf({ screen: 'model', projectId: state.id })}>
        {t('label.seeModel')}
      </Button>
      <Button variant="default" onClick={() => saveLabels(state)}>
        {t('label.download')}
      </Button>
    </>
  )
  return (
    <Message title={t('label.done')} actions={actions} role="status">
      <p>{t('label.doneFix')}</p>
      {state.counts.n_unsure > 0 && <p>{t('label.doneUnsure', { count: state.counts.n_unsure })}</p>}
    </Message>
  )
}

/** An image whose file cannot be read: it is skipped by the same key as others. */
export const Unreadable = ({ name, error }: { name: string; error: unknown }) => {
  const { t } = useTranslation()
  const keysOf = useKeysOf()
  return (
    <Message title={t('label.unreadable')} role="alert">
      <p>{name}</p>
      <p>{error instanceof Error ? error.message : String(error)}</p>
      <p>{t('label.unreadableFix', { key: shortKey(keysOf('skip')) })}</p>
    </Message>
  )
}

/** The first label of a project that has none. */
export const FirstLabel = ({ state }: { state: ProjectState }) => {
  const { t } = useTranslation()
  const [name, setName] = useState('')
  const add = useAddLabel(state.id)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (name.trim() !== '') add.mutate(name.trim(), { onError: toastError, onSuccess: () => setName('') })
  }
  return (
    <form onSubmit={submit} className={styles.first}>
      <TextInput
        label={t('label.noLabels')}
        description={t('label.noLabelsFix')}
        placeholder={t('label.newLabel')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Button type="submit" loading={add.isPending}>
        {t('label.add')}
      </Button>
    </form>
  )
}
