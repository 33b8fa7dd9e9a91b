import { useTranslation } from 'react-i18next'
import { useFormat } from '../../shared/format/useFormat'
import { useOutbox } from '../../shared/outbox/outbox'
import { useProjectState, useSession } from '../../shared/project/queries'
import { Section } from './Section'
import styles from './Settings.module.css'

/** What waits in this browser, and which program this is. */
export const StorageAndAbout = ({ projectId }: { projectId: string | null }) => {
  const { t } = useTranslation()
  const { data: session } = useSession()
  const n = useOutbox((outbox) => outbox.letters.length)
  return (
    <>
      <Section title={t('settings.storage')}>
        <p>{n === 0 ? t('settings.nothingWaits') : t('settings.waiting', { count: n })}</p>
        {projectId !== null && <FreeDisk projectId={projectId} />}
      </Section>
      <Section title={t('settings.about')}>
        {session && <p>{t('settings.version', { version: session.version, device: session.device })}</p>}
        <p className={styles.soft}>{t('settings.license')}</p>
      </Section>
    </>
  )
}

const FreeDisk = ({ projectId }: { projectId: string }) => {
  const { t } = useTranslation()
  const format = useFormat()
  const { data } = useProjectState(projectId)
  return data === undefined ? null : <p>{t('settings.free', { size: format.bytes(data.free_disk_bytes) })}</p>
}
