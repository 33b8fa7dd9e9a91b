import { ActionIcon, Button, Menu } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ProjectCard } from '../../shared/api/types'
import { useFormat } from '../../shared/format/useFormat'
import { goTo } from '../../shared/router'
import { toast, toastError } from '../../shared/ui/toasts'
import { useProjectStep } from './api'
import { closedAs, shareLabeled } from './model'
import { RenameDialog } from './RenameDialog'
import styles from './ProjectsScreen.module.css'

type Props = { project: ProjectCard; canChange: boolean }

/** A project with what is known of it, and the way into it. */
export const ProjectTile = ({ project, canChange }: Props) => {
  const { t } = useTranslation()
  const open = useProjectStep('open')
  const closed = closedAs(project)
  const enter = () =>
    open.mutate(project.id, {
      onSuccess: () => goTo({ screen: 'label', projectId: project.id }),
      onError: toastError,
    })
  return (
    <article className={styles.card} aria-label={project.name}>
      <div className={styles.top}>
        <h2 className={styles.name}>{project.name}</h2>
        {canChange && <TileMenu project={project} />}
      </div>
      <p className={styles.soft}>{t('projects.classification')}</p>
      <Facts project={project} />
      {project.message !== '' && <p className={styles.message}>{project.message}</p>}
      <div className={styles.bottom}>
        {closed === null ? (
          <Button onClick={enter} disabled={open.isPending} aria-label={`${t('projects.open')} ${project.name}`}>
            {open.isPending ? t('projects.opening') : t('projects.open')}
          </Button>
        ) : (
          <strong className={styles.closed}>{t(`projects.${closed}`)}</strong>
        )}
      </div>
    </article>
  )
}

const Facts = ({ project }: { project: ProjectCard }) => {
  const { t } = useTranslation()
  const format = useFormat()
  const { estimate, last_opened: opened } = project
  const labeled = t('projects.labeled', {
    n: format.count(project.n_labeled),
    total: format.count(project.n_items),
  })
  return (
    <>
      <div className={styles.track} aria-hidden="true">
        <div style={{ width: `${100 * shareLabeled(project)}%` }} />
      </div>
      <p>{labeled}</p>
      <p>
        {estimate === null
          ? t('projects.noScore')
          : t('projects.score', {
              score: format.percent(estimate.score),
              low: format.percent(estimate.low),
              high: format.percent(estimate.high),
              n: estimate.n,
            })}
      </p>
      <p className={styles.soft}>
        {opened === null ? t('projects.never') : t('projects.opened', { when: format.ago(opened) })}
        {' · '}
        {t('projects.disk', { size: format.bytes(project.disk_bytes) })}
      </p>
    </>
  )
}

const TileMenu = ({ project }: { project: ProjectCard }) => {
  const { t } = useTranslation()
  const [isRenaming, setIsRenaming] = useState(false)
  const trash = useProjectStep('trash')
  const restore = useProjectStep('restore')
  const undo = () => restore.mutate(project.id, { onError: toastError })
  const throwAway = () =>
    trash.mutate(project.id, {
      onError: toastError,
      onSuccess: () =>
        toast('info', t('projects.trashed', { name: project.name }), {
          action: { label: t('projects.undo'), run: undo },
        }),
    })
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={t('projects.actions', { name: project.name })}>
            <span aria-hidden="true">⋯</span>
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {closedAs(project) === null && (
            <Menu.Item onClick={() => setIsRenaming(true)}>{t('projects.rename')}</Menu.Item>
          )}
          <Menu.Item onClick={throwAway}>{t('projects.trash')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <RenameDialog project={project} isOpen={isRenaming} onClose={() => setIsRenaming(false)} />
    </>
  )
}
