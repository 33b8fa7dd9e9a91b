import { Button, Group, Modal } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { ProjectState } from '../api/types'
import { useTraining } from './useTraining'

type Props = { state: ProjectState; isOpen: boolean; onClose: () => void }

/** Asks once whether to train now. */
export const TrainDialog = ({ state, isOpen, onClose }: Props) => {
  const { t } = useTranslation()
  const { train } = useTraining(state)
  const n = state.classes.reduce((sum, label) => sum + label.n_training, 0)
  const begin = () => {
    train()
    onClose()
  }
  return (
    <Modal opened={isOpen} onClose={onClose} title={t('training.ask')} lockScroll={false} centered closeButtonProps={{ 'aria-label': t('app.close') }}>
      {state.warming_up === null ? (
        <p>{t('training.askText', { count: n })}</p>
      ) : (
        <p>{t('training.notYet', { why: state.warming_up })}</p>
      )}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t('app.cancel')}
        </Button>
        {state.warming_up === null && (
          <Button onClick={begin} data-autofocus>
            {t('training.now')}
          </Button>
        )}
      </Group>
    </Modal>
  )
}
