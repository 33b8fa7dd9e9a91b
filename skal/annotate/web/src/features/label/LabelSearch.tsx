import { Button, Modal, TextInput } from '@mantine/core'
import { useState, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { ClassOut } from '../../shared/api/types'
import { Swatch } from '../../shared/ui/Swatch'
import styles from './LabelSearch.module.css'
import { searchLabels } from './search'

type Props = {
  labels: readonly ClassOut[]
  isOpen: boolean
  onClose: () => void
  onChoose: (labelId: number) => void
  onAdd: ((name: string) => void) | null
}

/** Finds a label by some letters of its name. */
export const LabelSearch = (props: Props) => {
  const { t } = useTranslation()
  return (
    <Modal opened={props.isOpen} onClose={props.onClose} title={t('label.searchTitle')} lockScroll={false} closeButtonProps={{ 'aria-label': t('app.close') }}>
      <Search {...props} />
    </Modal>
  )
}

const Search = ({ labels, onClose, onChoose, onAdd }: Props) => {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const found = searchLabels(labels, text)
  const choose = (label: ClassOut | undefined) => {
    if (label === undefined) return
    onClose()
    onChoose(label.id)
  }
  const onKey = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) setAt((now) => Math.min(found.length - 1, Math.max(0, now + step)))
    else if (event.key === 'Enter') choose(found[at])
    else return
    event.preventDefault()
  }
  const type = (value: string) => {
    setText(value)
    setAt(0)
  }
  return (
    <>
      <TextInput
        autoFocus // at once: what is typed next belongs here
        data-autofocus
        role="combobox"
        aria-label={t('label.searchTitle')}
        aria-expanded={found.length > 0}
        aria-controls="label-results"
        aria-activedescendant={found[at] && `label-result-${found[at].id}`}
        description={t('label.searchHint')}
        value={text}
        onChange={(event) => type(event.currentTarget.value)}
        onKeyDown={onKey}
      />
      <ul id="label-results" role="listbox" aria-label={t('label.bar')} className={styles.results}>
        {found.map((label, i) => (
          <li
            key={label.id}
            id={`label-result-${label.id}`}
            role="option"
            aria-selected={i === at}
            className={styles.result}
            onClick={() => choose(label)}
          >
            <Swatch color={label.color} index={labels.indexOf(label)} />
            <span>{label.name}</span>
          </li>
        ))}
      </ul>
      {found.length === 0 && <Nothing text={text} onAdd={onAdd} onClose={onClose} />}
    </>
  )
}

const Nothing = ({ text, onAdd, onClose }: { text: string } & Pick<Props, 'onAdd' | 'onClose'>) => {
  const { t } = useTranslation()
  const name = text.trim()
  const add = () => {
    onAdd?.(name)
    onClose()
  }
  return (
    <>
      <p role="status">{t('label.searchNone', { text })}</p>
      {onAdd !== null && name !== '' && (
        <Button variant="default" onClick={add}>
          {t('label.addThis', { text: name })}
        </Button>
      )}
    </>
  )
}
