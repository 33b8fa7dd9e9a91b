import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSession } from '../../shared/project/queries'
import { ErrorMessage, Message } from '../../shared/ui/Message'
import { useIsSlow } from '../../shared/ui/Slowly'
import { useProjects } from './api'
import { listed } from './model'
import { ProjectTile } from './ProjectTile'
import styles from './ProjectsScreen.module.css'
import { Trash } from './Trash'

const MANY = 6 // projects, beyond which a search is worth its place

/** All projects that this computer knows. */
export const ProjectsScreen = () => {
  const { t } = useTranslation()
  const { data, error, isPending, refetch } = useProjects()
  const { data: session } = useSession()
  const [text, setText] = useState('')
  if (error !== null && data === undefined)
    return <ErrorMessage title={t('projects.failed')} error={error} onRetry={() => void refetch()} />
  if (isPending) return <Skeletons />
  const { active, trashed } = listed(data, text)
  const canChange = session?.role === 'owner' && !session.is_read_only
  return (
    <div className={styles.screen}>
      <header className={styles.header}>
        <h1>{t('projects.title')}</h1>
        {data.length > MANY && (
          <TextInput
            type="search"
            aria-label={t('projects.search')}
            placeholder={t('projects.search')}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        )}
      </header>
      {data.length === 0 && <NoProjects />}
      {data.length > 0 && active.length === 0 && text !== '' && (
        <Message
          title={t('projects.nothing', { text })}
          actions={<Button onClick={() => setText('')}>{t('projects.clear')}</Button>}
        />
      )}
      <ul className={styles.grid}>
        {active.map((project) => (
          <li key={project.id}>
            <ProjectTile project={project} canChange={canChange} />
          </li>
        ))}
      </ul>
      {trashed.length > 0 && <Trash projects={trashed} canChange={canChange} />}
    </div>
  )
}

const NoProjects = () => {
  const { t } = useTranslation()
  return (
    <Message title={t('projects.empty')}>
      <p>{t('projects.emptyFix')}</p>
      <pre className={styles.code}>{'skal annotate ./images --labels cat,dog'}</pre>
    </Message>
  )
}

const Skeletons = () => {
  const { t } = useTranslation()
  if (!useIsSlow(true)) return null
  return (
    <div className={styles.screen} role="status" aria-label={t('app.loading')}>
      <ul className={styles.grid} aria-hidden="true">
        {[0, 1, 2].map((n) => (
          <li key={n} className={styles.skeleton} />
        ))}
      </ul>
    </div>
  )
}
