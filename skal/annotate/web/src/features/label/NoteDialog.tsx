import { Button, Group, Modal, Textarea } from '@mantine/core'
import { useState, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'

type Props = { note: string; isOpen: boolean; onClose: () => void; onSave: (note: string) => void }

/** Writes something down about an image. */
export const NoteDialog = (props: Props) => {
  const { t } = useTranslation()
  return (
    <Modal opened={props.isOpen} onClose={props.onClose} title={t('label.noteTitle')} lockScroll={false} closeButtonProps={{ 'aria-label': t('app.close') }}>
      <Note {...props} />
    </Modal>
  )
}

const MOST = 10_000 // characters, as the server takes

const Note = ({ note, onClose, onSave }: Props) => {
  const { t } = useTranslation()
  const [text, setText] = useState(note)
  const save = () => {
    onClose()
    if (text !== note) onSave(text)
  }
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) save()
  }
  return (
    <>
      <Textarea
        autoFocus
        data-autofocus
        aria-label={t('label.noteTitle')}
        description={t('label.noteHint')}
        maxLength={MOST}
        rows={4}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKey}
      />
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose}>
          {t('app.cancel')}
        </Button>
        <Button onClick={save}>{t('label.save')}</Button>
      </Group>
    </>
  )
}
