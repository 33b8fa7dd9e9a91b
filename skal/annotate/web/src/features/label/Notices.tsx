import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useConnection } from '../../shared/api/connection'
import type { ClassOut, ProjectState } from '../../shared/api/types'
import { useFormat } from '../../shared/format/useFormat'
import type { Refused } from '../../shared/outbox/model'
import { dismissRefused, resend, useOutbox } from '../../shared/outbox/outbox'
import { keys } from '../../shared/project/queries'
import { toastError } from '../../shared/ui/toasts'
import { fetchItem } from './api'
import type { DeskControl } from './desk'
import styles from './Notices.module.css'
import { useQuery } from '@tanstack/react-query'
import { nameOf } from './useDesk'

/** What needs a look while labeling goes on: no server, a refused decision, a full disk. */
export const Notices = ({ state, desk }: { state: ProjectState; desk: DeskControl }) => {
  const { t } = useTranslation()
  const format = useFormat()
  const isOnline = useConnection((connection) => connection.isOnline)
  const refused = useOutbox((outbox) => outbox.refused)
  const mine = refused.filter(({ letter }) => letter.projectId === state.id)
  return (
    <>
      {!isOnline && <OfflineNotice />}
      {state.is_read_only && <Notice text={t('label.readOnly')} />}
      {state.is_disk_low && (
        <Notice text={t('status.diskLow', { free: format.bytes(state.free_disk_bytes) })} />
      )}
      {mine.map((one) =>
        one.kind === 'conflict' ? (
          <ConflictNotice key={one.letter.action.key} refused={one} desk={desk} classes={state.classes} />
        ) : (
          <RefusedNotice key={one.letter.action.key} refused={one} />
        ),
      )}
    </>
  )
}

const Notice = ({ text }: { text: string }) => (
  <div className={styles.notice} role="status">
    {text}
  </div>
)

const OfflineNotice = () => {
  const { t } = useTranslation()
  const n = useOutbox((outbox) => outbox.letters.length)
  return (
    <div className={styles.notice} role="status" data-testid="offline">
      <strong>{n > 0 ? t('status.offlineBanner', { count: n }) : t('status.offline')}</strong>
      <span>{t('status.offlineNone')}</span>
    </div>
  )
}

const useAnswerWords = (classes: readonly ClassOut[]) => {
  const { t } = useTranslation()
  return (answer: string | null, labelId: number | null): string => {
    if (answer === 'label') return nameOf(classes, labelId)
    if (answer === 'skip' || answer === 'unsure' || answer === 'exclude') return t(`label.said.${answer}`)
    return t('label.said.clear')
  }
}

type ConflictProps = { refused: Refused; desk: DeskControl; classes: readonly ClassOut[] }

const ConflictNotice = ({ refused, desk, classes }: ConflictProps) => {
  const { t } = useTranslation()
  const words = useAnswerWords(classes)
  const queries = useQueryClient()
  const { action, projectId } = refused.letter
  const itemId = action.item_id ?? 0
  const { data } = useQuery({
    queryKey: [...keys.state(projectId), 'conflict', itemId, action.key],
    queryFn: () => fetchItem(projectId, itemId),
  })
  const takeTheirs = () => {
    dismissRefused(refused)
    desk.forget(itemId)
    desk.open(itemId).catch(toastError)
    void queries.invalidateQueries({ queryKey: keys.recent(projectId) })
  }
  return (
    <div className={styles.notice} role="alert" data-testid="conflict">
      <strong>{t('conflict.title')}</strong>
      {data && (
        <span>
          {t('conflict.text', {
            mine: words(action.kind, action.label_id ?? null),
            theirs: words(data.item.answer, data.item.label_id),
          })}
        </span>
      )}
      <Button size="compact-sm" variant="default" onClick={() => resend(refused, { seen_event_id: null })}>
        {t('conflict.mine')}
      </Button>
      <Button size="compact-sm" variant="default" onClick={takeTheirs}>
        {t('conflict.theirs')}
      </Button>
    </div>
  )
}

const RefusedNotice = ({ refused }: { refused: Refused }) => {
  const { t } = useTranslation()
  return (
    <div className={styles.notice} role="alert" data-testid="refused">
      <strong>{refused.kind === 'not-kept' ? t('conflict.notKept') : t('conflict.refused')}</strong>
      <span>{refused.message}</span>
      {refused.fix !== null && <span>{refused.fix}</span>}
      <Button size="compact-sm" variant="default" onClick={() => resend(refused)}>
        {t('conflict.resend')}
      </Button>
      <Button size="compact-sm" variant="default" onClick={() => dismissRefused(refused)}>
        {t('conflict.drop')}
      </Button>
    </div>
  )
}
