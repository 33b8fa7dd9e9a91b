import { useQuery } from '@tanstack/react-query'
import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import type { ClassOut, Item } from '../../../shared/api/types'
import { keys } from '../../../shared/project/queries'
import { Panel } from '../../../shared/ui/Panel'
import { Swatch } from '../../../shared/ui/Swatch'
import { Thumbnail } from '../../../shared/ui/Thumbnail'
import { fetchRecent } from '../api'
import { useWords } from '../useDesk'
import type { DeskControl } from '../desk'
import { changeOf, type Change, type Sitting } from '../model'
import styles from './Rail.module.css'

const N = 10
type Entry = { key: string; item: Item; change: Change | null }
type Props = { desk: DeskControl; sitting: Sitting; classes: readonly ClassOut[] }

/** What was decided last: one press leads back there. */
export const LastPanel = memo(({ desk, sitting, classes }: Props) => {
  const { t } = useTranslation()
  const entries = useLast(desk.projectId, sitting)
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
})
LastPanel.displayName = 'LastPanel'

const LastEntry = ({ desk, entry, classes }: { desk: DeskControl; entry: Entry; classes: readonly ClassOut[] }) => {
  const { t } = useTranslation()
  const words = useWords()
  const what = words(entry.change, classes)
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
const useLast = (projectId: string, { done, undone, cards }: Sitting): Entry[] => {
  const { data } = useQuery({
    queryKey: keys.recent(projectId),
    queryFn: () => fetchRecent(projectId),
    staleTime: Infinity,
  })
  const known = new Set([...done, ...undone].map(({ key }) => key))
  const here = done.slice(-N).flatMap(({ key, itemId, change }): Entry[] => {
    const item = cards[itemId]?.item
    return item === undefined ? [] : [{ key, item, change }]
  })
  const before = (data ?? []).filter(({ decision, is_undone }) => !is_undone && !known.has(decision.key))
  const kept = before.flatMap(({ decision, item }): Entry[] => // a bulk is of no one image
    item === null ? [] : [{ key: decision.key, item, change: changeOf(decision) }],
  )
  return [...here.reverse(), ...kept].slice(0, N)
}
