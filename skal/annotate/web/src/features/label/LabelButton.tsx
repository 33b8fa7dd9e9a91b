import { Tooltip } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { ClassOut } from '../../shared/api/types'
import { useFormat } from '../../shared/format/useFormat'
import { Keycap } from '../../shared/ui/Keycap'
import { Swatch } from '../../shared/ui/Swatch'
import { Thumbnail } from '../../shared/ui/Thumbnail'
import { shortKey } from '../../shared/keys/model'
import styles from './LabelBar.module.css'

type Props = {
  projectId: string
  label: ClassOut
  index: number
  keys: readonly string[]
  searchKey: string
  probability: number | null
  isChosen: boolean
  isFocusable: boolean
  isFlashing: boolean
  isDisabled: boolean
  onChoose: () => void
}

/** One label: its key, color and pattern, name, and behind it what the model says. */
export const LabelButton = (props: Props) => {
  const { label, index, keys, probability, isChosen, isDisabled } = props
  const name = useButtonName(props)
  const format = useFormat()
  return (
    <Tooltip
      openDelay={400}
      disabled={label.exemplar === null}
      label={<Exemplar projectId={props.projectId} label={label} />}
      events={{ hover: true, focus: false, touch: false }}
    >
      <button
        type="button"
        role="radio"
        aria-checked={isChosen}
        aria-label={name}
        aria-disabled={isDisabled}
        tabIndex={props.isFocusable ? 0 : -1}
        className={styles.button}
        data-flashing={props.isFlashing || undefined}
        onClick={props.onChoose}
      >
        {probability !== null && <Bar color={label.color} share={probability} />}
        <span className={styles.key}>
          <Keycap keys={keys} />
        </span>
        <Swatch color={label.color} index={index} />
        <span className={styles.name}>{label.name}</span>
        <span className={styles.percent}>{probability !== null && format.percent(probability)}</span>
      </button>
    </Tooltip>
  )
}

const useButtonName = ({ label, keys, searchKey, probability }: Props): string => {
  const { t } = useTranslation()
  const key = shortKey(keys)
  const percent = Math.round(100 * (probability ?? 0))
  const values = { name: label.name, key: key || searchKey, percent }
  if (key === '')
    return probability === null
      ? t('label.buttonNameNoKey', values)
      : t('label.buttonNameNoKeyModel', values)
  return probability === null ? t('label.buttonName', values) : t('label.buttonNameModel', values)
}

const Bar = ({ color, share }: { color: string; share: number }) => (
  <span
    aria-hidden="true"
    className={styles.bar}
    style={{ backgroundColor: color, width: `${100 * share}%` }}
  />
)

const Exemplar = ({ projectId, label }: { projectId: string; label: ClassOut }) => {
  const { t } = useTranslation()
  if (label.exemplar === null) return null
  return (
    <Thumbnail
      projectId={projectId}
      contentKey={label.exemplar}
      alt={t('label.exemplar', { name: label.name })}
      size={120}
    />
  )
}
