import { Button } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { bindingOf, capsOf, conflictsOf, isOfBrowser, rebind, unbind, type Bound, type Group } from '../../shared/keys/model'
import { nameOfAction } from '../../shared/keys/names'
import { useBoundActions } from '../../shared/keys/useKeys'
import { prefer, usePreferences } from '../../shared/settings/store'
import { announce } from '../../shared/ui/announcer'
import { Keycaps } from '../../shared/ui/Keycap'
import { Section } from './Section'
import styles from './Settings.module.css'

const GROUPS: readonly Group[] = ['answer', 'move', 'view', 'panels']

/** All actions with their keys; one press of a button and one of a key changes them. */
export const KeymapEditor = () => {
  const { t } = useTranslation()
  const bound = useBoundActions()
  const [changing, setChanging] = useState<string | null>(null)
  const isChanged = bound.some((action) => action.isChanged)
  return (
    <Section title={t('settings.keys')} hint={t('settings.keysHint')}>
      <Button variant="default" size="compact-sm" disabled={!isChanged} onClick={() => prefer({ keys: {} })}>
        {t('settings.resetAll')}
      </Button>
      <div className={styles.groups}>
        {GROUPS.map((group) => (
          <section key={group} aria-label={t(`keys.groups.${group}`)}>
            <h3>{t(`keys.groups.${group}`)}</h3>
            {bound
              .filter((action) => action.group === group)
              .map((action) => (
                <KeyRow
                  key={action.id}
                  action={action}
                  bound={bound}
                  isChanging={changing === action.id}
                  onChange={(isOn) => setChanging(isOn ? action.id : null)}
                />
              ))}
          </section>
        ))}
      </div>
    </Section>
  )
}

type RowProps = {
  action: Bound
  bound: readonly Bound[]
  isChanging: boolean
  onChange: (isOn: boolean) => void
}

const KeyRow = ({ action, bound, isChanging, onChange }: RowProps) => {
  const { t } = useTranslation()
  const name = nameOfAction(t, action.id)
  const { keys } = usePreferences()
  return (
    <div className={styles.keyRow} data-action={action.id}>
      <span className={styles.keyName}>{name}</span>
      {action.isChanged && (
        <Button
          size="compact-xs"
          variant="subtle"
          aria-label={t('settings.resetKey', { action: name })}
          onClick={() => prefer({ keys: unbind(action.id, keys) })}
        >
          <span aria-hidden="true">↺</span>
        </Button>
      )}
      <button
        type="button"
        className={styles.keyButton}
        aria-expanded={isChanging}
        onClick={() => onChange(!isChanging)}
      >
        <span className="visually-hidden">{t('settings.changeKey', { action: name })}</span>
        {action.keys.length === 0 ? (
          <em>{t('settings.noKey')}</em>
        ) : (
          action.keys.map((binding) => <Keycaps key={binding} binding={binding} />)
        )}
      </button>
      {isChanging && <KeyCatcher action={action} bound={bound} onEnd={() => onChange(false)} />}
    </div>
  )
}

type CatcherProps = { action: Bound; bound: readonly Bound[]; onEnd: () => void }

/** Waits for a key; one that means something else already is taken only if that is wanted. */
const KeyCatcher = ({ action, bound, onEnd }: CatcherProps) => {
  const { t } = useTranslation()
  const [wanted, setWanted] = useState<string | null>(null)
  const { keys } = usePreferences()
  const take = (binding: string) => {
    prefer({ keys: rebind(action.id, binding, keys) })
    announce(`${nameOfAction(t, action.id)}: ${capsOf(binding).join(' ')}`)
    onEnd()
  }
  useNextKey(wanted === null || isOfBrowser(wanted), (binding) => {
    if (binding === 'Escape') onEnd()
    else if (isOfBrowser(binding) || conflictsOf(action.id, binding, bound).length > 0) setWanted(binding)
    else take(binding)
  })
  if (wanted === null)
    return (
      <p className={styles.catcher} role="status">
        <strong>{t('settings.press')}</strong> {t('settings.pressHint')}
      </p>
    )
  const key = capsOf(wanted).join(' ')
  if (isOfBrowser(wanted))
    return (
      <p className={styles.catcher} role="alert">
        {t('settings.ofBrowser', { key })}
      </p>
    )
  const other = conflictsOf(action.id, wanted, bound).map(({ id }) => nameOfAction(t, id)).join(', ')
  return (
    <div className={styles.catcher} role="alert">
      <span>{t('settings.conflict', { key, other })}</span>
      <Button size="compact-sm" onClick={() => take(wanted)} autoFocus>
        {t('settings.take')}
      </Button>
      <Button size="compact-sm" variant="default" onClick={onEnd}>
        {t('app.cancel')}
      </Button>
    </div>
  )
}

const useNextKey = (isWaiting: boolean, onKey: (binding: string) => void): void => {
  useEffect(() => {
    if (!isWaiting) return
    const listen = (event: KeyboardEvent) => {
      const binding = bindingOf(event)
      if (binding === null) return
      event.preventDefault()
      event.stopPropagation()
      onKey(binding)
    }
    window.addEventListener('keydown', listen, true)
    return () => window.removeEventListener('keydown', listen, true)
  })
}
