import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { ProjectState } from '../../shared/api/types'
import { hrefOf } from '../../shared/router'
import { Message } from '../../shared/ui/Message'
import { needed } from './model'
import styles from './Model.module.css'

/** How far it is to the first model. */
export const NoModel = ({ state }: { state: ProjectState }) => {
  const { t } = useTranslation()
  const total = needed(state.classes.filter(({ is_archived }) => !is_archived).length)
  const n = state.classes.reduce((sum, label) => sum + label.n_training, 0)
  const back = (
    <Button component="a" href={hrefOf({ screen: 'label', projectId: state.id })}>
      {t('app.label')}
    </Button>
  )
  return (
    <Message title={t('model.empty')} actions={back}>
      <Ring share={Math.min(1, n / total)} text={t('model.needed', { n: Math.min(n, total), total })} />
      <p>{t('model.emptyFix')}</p>
      {state.warming_up !== null && <p>{state.warming_up}</p>}
    </Message>
  )
}

const RADIUS = 44
const LENGTH = 2 * Math.PI * RADIUS

const Ring = ({ share, text }: { share: number; text: string }) => (
  <div className={styles.ring}>
    <svg viewBox="0 0 100 100" aria-hidden="true">
      <circle cx="50" cy="50" r={RADIUS} className={styles.ringTrack} />
      <circle
        cx="50"
        cy="50"
        r={RADIUS}
        className={styles.ringFill}
        strokeDasharray={`${share * LENGTH} ${LENGTH}`}
        transform="rotate(-90 50 50)"
      />
    </svg>
    <strong>{text}</strong>
  </div>
)
