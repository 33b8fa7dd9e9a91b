import { Button } from '@mantine/core'
import { lazy, Suspense, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { LabelScreen } from '../features/label/LabelScreen'
import { ProjectsScreen } from '../features/projects/ProjectsScreen'
import { KeyOverlay } from '../shared/keys/KeyOverlay'
import { useKeys, useKeysOf } from '../shared/keys/useKeys'
import { useProjectState, useSession } from '../shared/project/queries'
import { hrefOf, useRoute, type Route } from '../shared/router'
import { Keycap } from '../shared/ui/Keycap'
import { Message } from '../shared/ui/Message'
import { Boundary } from './Boundary'
import { useLastProject } from './lastProject'
import styles from './Shell.module.css'

const ModelScreen = lazy(() => import('../features/model/ModelScreen'))
const SettingsScreen = lazy(() => import('../features/settings/SettingsScreen'))

/** The frame of all screens: a line with the ways between them. */
export const Shell = () => {
  const { t } = useTranslation()
  const route = useRoute()
  const projectId = useLastProject(route)
  const [showsKeys, setShowsKeys] = useState(false)
  useKeys('global', { help: () => setShowsKeys(true) })
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main" onClick={focusMain}>
        {t('app.skip')}
      </a>
      <header className={styles.header}>
        <span className={styles.brand} aria-hidden="true">
          {t('app.name')}
        </span>
        <Navigation route={route} projectId={projectId} />
        <ReadOnlyNote />
        <KeysButton onPress={() => setShowsKeys(true)} />
      </header>
      <main id="main" tabIndex={-1} className={styles.main} data-screen={route.screen}>
        <Boundary key={hrefOf(route)}>
          <Suspense fallback={null}>{screenOf(route, projectId)}</Suspense>
        </Boundary>
      </main>
      <KeyOverlay scopes={route.screen === 'label' ? ['label', 'global'] : ['global']} isOpen={showsKeys} onClose={() => setShowsKeys(false)} />
    </div>
  )
}

const focusMain = (event: { preventDefault: () => void }) => {
  event.preventDefault()
  document.getElementById('main')?.focus()
}

const screenOf = (route: Route, projectId: string | null): ReactNode => {
  switch (route.screen) {
    case 'projects':
      return <ProjectsScreen />
    case 'label':
      return <LabelScreen projectId={route.projectId} />
    case 'model':
      return <ModelScreen projectId={route.projectId} />
    case 'settings':
      return <SettingsScreen projectId={projectId} />
    case 'unknown':
      return <NotFound />
  }
}

const NotFound = () => {
  const { t } = useTranslation()
  const back = (
    <Button component="a" href={hrefOf({ screen: 'projects' })}>
      {t('app.toProjects')}
    </Button>
  )
  return (
    <Message title={t('app.notFound')} actions={back}>
      {t('app.notFoundFix')}
    </Message>
  )
}

const Navigation = ({ route, projectId }: { route: Route; projectId: string | null }) => {
  const { t } = useTranslation()
  const link = (to: Route, text: string) => (
    <a href={hrefOf(to)} className={styles.link} aria-current={to.screen === route.screen ? 'page' : undefined}>
      {text}
    </a>
  )
  return (
    <nav aria-label={t('app.main')} className={styles.nav}>
      {link({ screen: 'projects' }, t('app.projects'))}
      {projectId !== null && (
        <>
          <ProjectName id={projectId} />
          {link({ screen: 'label', projectId }, t('app.label'))}
          {link({ screen: 'model', projectId }, t('app.model'))}
        </>
      )}
      <span className={styles.space} />
      {link({ screen: 'settings' }, t('app.settings'))}
    </nav>
  )
}

const ProjectName = ({ id }: { id: string }) => {
  const { data } = useProjectState(id)
  return (
    <span className={styles.project} title={data?.name}>
      {data?.name}
    </span>
  )
}

const ReadOnlyNote = () => {
  const { t } = useTranslation()
  const { data } = useSession()
  return data?.is_read_only === true ? <span className={styles.note}>{t('app.readOnly')}</span> : null
}

const KeysButton = ({ onPress }: { onPress: () => void }) => {
  const { t } = useTranslation()
  const keysOf = useKeysOf()
  return (
    <button type="button" className={styles.keys} onClick={onPress}>
      {t('app.keys')} <Keycap keys={keysOf('help')} />
    </button>
  )
}
