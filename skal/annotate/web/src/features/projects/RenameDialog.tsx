import { Button, Group, Modal, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { ProjectCard } from '../../shared/api/types'
import { useRename } from './api'

type Props = { project: ProjectCard; isOpen: boolean; onClose: () => void }

export const RenameDialog = (props: Props) => {
  const { t } = useTranslation()
  return (
    <Modal
      opened={props.isOpen}
      onClose={props.onClose}
      title={t('projects.rename')}
      lockScroll={false}
      closeButtonProps={{ 'aria-label': t('app.close') }}
    >
      <RenameForm {...props} />
    </Modal>
  )
}

const RenameForm = ({ project, onClose }: Props) => {
  const { t } = useTranslation()
  const [name, setName] = useState(project.name)
  const rename = useRename()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    rename.mutate({ id: project.id, name: name.trim() }, { onSuccess: onClose })
  }
  return (
    <form onSubmit={submit}>
      <TextInput
        data-autofocus
        label={t('projects.newName')}
        maxLength={200}
        value={name}
        error={rename.error?.message}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose}>
          {t('app.cancel')}
        </Button>
        <Button type="submit" disabled={name.trim() === ''} loading={rename.isPending}>
          {t('projects.save')}
        </Button>
      </Group>
    </form>
  )
}
