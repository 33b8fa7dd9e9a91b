import { useQuery } from '@tanstack/react-query'
import { memo, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ClassOut, Why } from '../../../shared/api/types'
import { useFormat } from '../../../shared/format/useFormat'
import { keys } from '../../../shared/project/queries'
import { Panel } from '../../../shared/ui/Panel'
import { Swatch } from '../../../shared/ui/Swatch'
import { Thumbnail } from '../../../shared/ui/Thumbnail'
import { fetchWhy } from '../api'
import type { Card } from '../model'
import styles from './Rail.module.css'

type Props = { projectId: string; card: Card | null; classes: readonly ClassOut[] }

/** Why this image is asked for, and the labeled images most like it. */
export const WhyPanel = memo(({ projectId, card, classes }: Props) => {
  const { t } = useTranslation()
  const id = card?.item.id
  const isLooking = useStays(id)
  const { data, error } = useQuery({
    queryKey: keys.why(projectId, id ?? 0),
    queryFn: () => fetchWhy(projectId, id ?? 0),
    enabled: id !== undefined && isLooking,
    retry: false,
  })
  return (
    <Panel title={t('why.title')} className={styles.why}>
      <p className={styles.reason} data-testid="reason">
        {card?.reason ?? data?.reason ?? ''}
      </p>
      {card?.isBlind === true && <p className={styles.soft}>{t('why.blind')}</p>}
      {error !== null && card?.reason == null && <p className={styles.soft}>{t('why.failed')}</p>}
      {data && data.nearest.length > 0 && (
        <Nearest projectId={projectId} why={data} classes={classes} />
      )}
    </Panel>
  )
})
WhyPanel.displayName = 'WhyPanel'

const PAUSE = 150 // ms on one image, after which somebody looks at it

const useStays = (value: unknown): boolean => {
  const [stayed, setStayed] = useState<unknown>(null)
  useEffect(() => {
    const timer = setTimeout(() => setStayed(value), PAUSE)
    return () => clearTimeout(timer)
  }, [value])
  return stayed === value
}

const Nearest = ({ projectId, why, classes }: { projectId: string; why: Why; classes: readonly ClassOut[] }) => {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <>
      <h3 className={styles.sub}>{t('why.nearest')}</h3>
      <ul className={styles.nearest}>
        {why.nearest.map(({ item, label, similarity }) => (
          <li key={item.id}>
            <Thumbnail
              projectId={projectId}
              contentKey={item.image.content_key}
              alt={t('why.similarity', { name: label, value: format.decimal(similarity) })}
              size={72}
            />
            <LabelName name={label} classes={classes} />
          </li>
        ))}
      </ul>
    </>
  )
}

const LabelName = ({ name, classes }: { name: string; classes: readonly ClassOut[] }) => {
  const index = classes.findIndex((label) => label.name === name)
  return (
    <span className={styles.labelName}>
      <Swatch color={classes[index]?.color ?? 'transparent'} index={Math.max(0, index)} size={12} />
      <span>{name}</span>
    </span>
  )
}
