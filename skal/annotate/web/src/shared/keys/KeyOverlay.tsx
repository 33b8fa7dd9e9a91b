import { Modal } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { hrefOf } from '../router'
import { Keycaps } from '../ui/Keycap'
import styles from './KeyOverlay.module.css'
import { nameOfAction } from './names'
import type { Bound, Group, Scope } from './model'
import { useBoundActions } from './useKeys'

const GROUPS: readonly Group[] = ['answer', 'move', 'view', 'panels']

type Props = { scopes: readonly Scope[]; isOpen: boolean; onClose: () => void }

/** The keys that do something on this screen, and no others. */
export const KeyOverlay = ({ scopes, isOpen, onClose }: Props) => {
  const { t } = useTranslation()
  const bound = useBoundActions()
  const here = bound.filter((action) => scopes.includes(action.scope) && action.keys.length > 0)
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t('keys.title')}
      size="xl"
      lockScroll={false}
      closeButtonProps={{ 'aria-label': t('app.close') }}
    >
      <div className={styles.groups}>
        {GROUPS.map((group) => (
          <KeyGroup key={group} group={group} actions={here.filter((action) => action.group === group)} />
        ))}
      </div>
      <p>
        <a href={hrefOf({ screen: 'settings' })} onClick={onClose}>
          {t('keys.remap')}
        </a>
      </p>
    </Modal>
  )
}

const KeyGroup = ({ group, actions }: { group: Group; actions: readonly Bound[] }) => {
  const { t } = useTranslation()
  if (actions.length === 0) return null
  return (
    <section>
      <h3 className={styles.title}>{t(`keys.groups.${group}`)}</h3>
      <dl className={styles.list}>
        {actions.filter(isListed).map((action) => (
          <div key={action.id} className={styles.row}>
            <dt>{nameOfAction(t, action.id)}</dt>
            <dd>
              {action.keys.filter(isNoNumpad).map((binding) => (
                <Keycaps key={binding} binding={binding} />
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

const SHOWN_LABELS = new Set(['label.1', 'label.2', 'label.10', 'label.11', 'label.20'])
const isListed = ({ id, isChanged }: Bound): boolean =>
  !id.startsWith('label.') || SHOWN_LABELS.has(id) || isChanged
const isNoNumpad = (binding: string): boolean => !binding.startsWith('Numpad')
