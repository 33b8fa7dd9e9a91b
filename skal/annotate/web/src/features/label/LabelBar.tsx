import { useRef, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { ClassOut } from '../../shared/api/types'
import { shortKey } from '../../shared/keys/model'
import { useKeysOf } from '../../shared/keys/useKeys'
import { LabelButton } from './LabelButton'
import styles from './LabelBar.module.css'
import { probabilityOf } from './messages'
import type { Card, State } from './model'

type Props = {
  projectId: string
  labels: readonly ClassOut[]
  card: Card | null
  state: State | null
  showsPredictions: boolean
  flash: { labelId: number; n: number } | null
  isDisabled: boolean
  onChoose: (labelId: number) => void
}

const columnsFor = (n: number): number => (n <= 6 ? Math.max(1, n) : n <= 20 ? Math.min(5, Math.ceil(n / 2)) : 6)

/** All labels, each always in the same place. */
export const LabelBar = (props: Props) => {
  const { labels, card, state } = props
  const { t } = useTranslation()
  const keysOf = useKeysOf()
  const group = useRef<HTMLDivElement>(null)
  const chosen = state?.answer === 'label' ? state.labelId : null
  const focusable = labels.some(({ id }) => id === chosen) ? chosen : labels[0]?.id
  const shown = props.showsPredictions ? card : null
  return (
    <div
      ref={group}
      role="radiogroup"
      aria-label={t('label.bar')}
      className={styles.bars}
      style={{ gridTemplateColumns: `repeat(${columnsFor(labels.length)}, minmax(0, 1fr))` }}
      onKeyDown={(event) => moveFocus(event, group.current)}
    >
      {labels.map((label, index) => (
        <LabelButton
          key={label.id === props.flash?.labelId ? `${label.id}-${props.flash.n}` : label.id}
          projectId={props.projectId}
          label={label}
          index={index}
          keys={keysOf(`label.${index + 1}`)}
          searchKey={shortKey(keysOf('search'))}
          probability={probabilityOf(shown, label.id)}
          isChosen={label.id === chosen}
          isFocusable={label.id === focusable}
          isFlashing={label.id === props.flash?.labelId}
          isDisabled={props.isDisabled}
          onChoose={() => props.onChoose(label.id)}
        />
      ))}
    </div>
  )
}

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 }

/** Up and down go from label to label; left and right go from image to image, as everywhere. */
const moveFocus = (event: KeyboardEvent, group: HTMLElement | null): void => {
  const step = STEPS[event.key]
  if (step === undefined || group === null) return
  const radios = [...group.querySelectorAll<HTMLElement>('[role="radio"]')]
  const at = radios.indexOf(document.activeElement as HTMLElement)
  radios[(at + step + radios.length) % radios.length]?.focus()
  event.preventDefault()
}
