import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { ClassOut, Item } from '../../../shared/api/types'
import { keys } from '../../../shared/project/queries'
import { Panel } from '../../../shared/ui/Panel'
import { Swatch } from '../../../shared/ui/Swatch'
import { Thumbnail } from '../../../shared/ui/Thumbnail'
import { fetchRecent } from '../api'
import { useDeskValue, useWords } from '../useDesk'
import type { DeskControl } from '../desk'
import { changeOf, type Change } from '../model'
import styles from './Rail.module.css'

const N = 10
type Entry = { key: string; item: Item; change: Change | null; isUndone: boolean }

/** What was decided last: one press leads back there. */
export const LastPanel = ({ desk, classes }: { desk: DeskControl; classes: readonly ClassOut[] }) => {
  const { t } = useTranslation()
  const entries = useLast(desk)
  return (
    <Panel title={t('last.title')}>
      {entries.length === 0 && <p className={styles.soft}>{t('last.none')}</p>}
      <ol className={styles.strip}>
        {entries.map((entry) => (
          <LastEntry key={entry.key} desk={desk} entry={entry} classes={classes} />
        ))}
      </ol>
    </Panel>
  )
}

const LastEntry = ({ desk, entry, classes }: { desk: DeskControl; entry: Entry; classes: readonly ClassOut[] }) => {
  const { t } = useTranslation()
  const words = useWords()
  const what = entry.isUndone ? t('last.undone') : words(entry.change, classes)
  const name = t('last.goTo', { name: entry.item.relpath, what })
  const labelId = entry.change?.kind === 'label' ? entry.change.labelId : null
  const index = classes.findIndex(({ id }) => id === labelId)
  return (
    <li>
      <button
        type="button"
        className={styles.last}
        aria-label={name}
        title={what}
        data-undone={entry.isUndone || undefined}
        onClick={() => void desk.open(entry.item.id)}
      >
        <Thumbnail projectId={desk.projectId} contentKey={entry.item.image.content_key} alt="" size={44} />
        <span className={styles.mark}>
          {index >= 0 ? (
            <Swatch color={classes[index]?.color ?? ''} index={index} size={14} />
          ) : (
            <span className={styles.sign}>{SIGNS[entry.change?.kind ?? ''] ?? '·'}</span>
          )}
        </span>
      </button>
    </li>
  )
}

const SIGNS: Readonly<Record<string, string>> = {
  skip: '↷',
  unsure: '?',
  exclude: '×',
  flag: '⚑',
  note: '✎',
  clear: '–',
}

/** The last decisions: those of this sitting at once, and before them what the server has kept. */
const useLast = (desk: DeskControl): Entry[] => {
  const sitting = useDeskValue(desk, (value) => value.sitting)
  const { data } = useQuery({
    queryKey: keys.recent(desk.projectId),
    queryFn: () => fetchRecent(desk.projectId),
    staleTime: Infinity,
  })
  const { done, cards } = sitting
  const here = done.slice(-N).flatMap(({ itemId, change }, i): Entry[] => {
    const item = cards[itemId]?.item
    const key = `here-${done.length - Math.min(N, done.length) + i}`
    return item === undefined ? [] : [{ key, item, change, isUndone: false }]
  })
  const kept = (data ?? []).filter(({ is_undone }) => !is_undone).slice(done.length)
  const before = kept.map(({ decision, item }): Entry => {
    return { key: `kept-${decision.id}`, item, change: changeOf(decision), isUndone: false }
  })
  return [...here.reverse(), ...before].slice(0, N)
}
