import { Button, Group, Modal } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ProjectCard } from '../../shared/api/types'
import { toastError } from '../../shared/ui/toasts'
import { useProjectStep } from './api'
import styles from './ProjectsScreen.module.css'

type Props = { projects: readonly ProjectCard[]; canChange: boolean }

/** What was thrown away: it can be put back until it is deleted for good. */
export const Trash = ({ projects, canChange }: Props) => {
  const { t } = useTranslation()
  return (
    <details className={styles.trash}>
      <summary>{t('projects.showTrash', { count: projects.length })}</summary>
      <ul className={styles.list}>
        {projects.map((project) => (
          <li key={project.id} className={styles.row}>
            <span className={styles.name}>{project.name}</span>
            {canChange && <TrashedActions project={project} />}
          </li>
        ))}
      </ul>
    </details>
  )
}

const TrashedActions = ({ project }: { project: ProjectCard }) => {
  const { t } = useTranslation()
  const [isAsking, setIsAsking] = useState(false)
  const restore = useProjectStep('restore')
  const purge = useProjectStep('purge')
  const deleteForGood = () => {
    setIsAsking(false)
    purge.mutate(project.id, { onError: toastError })
  }
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={() => restore.mutate(project.id, { onError: toastError })}>
        {t('projects.restore')}
      </Button>
      <Button size="compact-sm" variant="default" onClick={() => setIsAsking(true)}>
        {t('projects.purge')}
      </Button>
      <Modal
        opened={isAsking}
        onClose={() => setIsAsking(false)}
        title={t('projects.purgeTitle', { name: project.name })}
        lockScroll={false}
        closeButtonProps={{ 'aria-label': t('app.close') }}
      >
        <p>{t('projects.purgeText')}</p>
        <Group justify="flex-end">
          <Button variant="default" onClick={() => setIsAsking(false)} data-autofocus>
            {t('app.cancel')}
          </Button>
          <Button color="red" onClick={deleteForGood}>
            {t('projects.purge')}
          </Button>
        </Group>
      </Modal>
    </>
  )
}
