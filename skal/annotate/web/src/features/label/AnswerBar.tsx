import { useTranslation } from 'react-i18next'
import { useKeysOf } from '../../shared/keys/useKeys'
import { Keycap } from '../../shared/ui/Keycap'
import styles from './AnswerBar.module.css'
import type { State } from './model'

export type Doing = Readonly<
  Record<'skip' | 'unsure' | 'exclude' | 'flag' | 'note' | 'search' | 'undo' | 'redo' | 'accept', () => void>
>

type Props = {
  state: State | null
  hasTop: boolean
  canUndo: boolean
  canRedo: boolean
  isDisabled: boolean
  doing: Doing
}

/** What can be answered other than by a label. */
export const AnswerBar = ({ state, hasTop, canUndo, canRedo, isDisabled, doing }: Props) => {
  const { t } = useTranslation()
  const isNothing = isDisabled || state === null
  const answers = (['skip', 'unsure', 'exclude'] as const).map((id) => (
    <Tool key={id} id={id} text={t(`label.${id}`)} isOn={state?.answer === id} isDisabled={isNothing} act={doing[id]} />
  ))
  return (
    <div role="toolbar" aria-label={t('label.actions')} className={styles.bar}>
      <Tool id="accept" text={t('label.accept')} isDisabled={isNothing || !hasTop} act={doing.accept} />
      {answers}
      <span className={styles.gap} />
      <Tool id="flag" text={t('label.flag')} isOn={state?.isFlagged} isDisabled={isNothing} act={doing.flag} />
      <Tool id="note" text={t('label.note')} isOn={(state?.note ?? '') !== ''} isDisabled={isNothing} act={doing.note} />
      <Tool id="search" text={t('label.search')} isDisabled={isNothing} act={doing.search} />
      <span className={styles.gap} />
      <Tool id="undo" text={t('label.undo')} isDisabled={isDisabled || !canUndo} act={doing.undo} />
      <Tool id="redo" text={t('label.redo')} isDisabled={isDisabled || !canRedo} act={doing.redo} />
    </div>
  )
}

type ToolProps = {
  id: string
  text: string
  isOn?: boolean | undefined
  isDisabled: boolean
  act: () => void
}

const Tool = ({ id, text, isOn, isDisabled, act }: ToolProps) => {
  const keysOf = useKeysOf()
  return (
    <button
      type="button"
      className={styles.tool}
      aria-pressed={isOn}
      disabled={isDisabled}
      onClick={act}
      data-action={id}
    >
      <span>{text}</span>
      <Keycap keys={keysOf(id)} />
    </button>
  )
}
