import { useTranslation } from 'react-i18next'
import { KeymapEditor } from './KeymapEditor'
import { LookSettings } from './LookSettings'
import { ProjectSettings } from './ProjectSettings'
import { StorageAndAbout } from './StorageAndAbout'
import styles from './Settings.module.css'

/** What somebody can choose: how it looks, which keys do what, and how a project learns. */
const SettingsScreen = ({ projectId }: { projectId: string | null }) => {
  const { t } = useTranslation()
  return (
    <div className={styles.screen}>
      <h1>{t('settings.title')}</h1>
      <LookSettings />
      <ProjectSettings projectId={projectId} />
      <KeymapEditor />
      <StorageAndAbout projectId={projectId} />
    </div>
  )
}

export default SettingsScreen
