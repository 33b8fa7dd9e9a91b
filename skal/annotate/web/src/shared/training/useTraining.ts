import { useTranslation } from 'react-i18next'
import type { ProjectState } from '../api/types'
import { useCancelTraining, useTrain, useUseModel } from '../project/queries'
import { toast, toastError } from '../ui/toasts'

/** What can be done about trainings; what fails is told. */
export const useTraining = (state: ProjectState) => {
  const { t } = useTranslation()
  const train = useTrain(state.id)
  const cancel = useCancelTraining(state.id)
  const choose = useUseModel(state.id)
  return {
    isRunning: state.job?.state === 'running',
    isCancelling: cancel.isPending || (cancel.isSuccess && state.job?.state === 'running' && cancel.data.id === state.job.id),
    train: () => train.mutate(undefined, { onError: toastError, onSuccess: () => toast('info', t('training.began')) }),
    cancel: () => cancel.mutate(undefined, { onError: toastError }),
    use: (modelId: number) =>
      choose.mutate(modelId, {
        onError: toastError,
        onSuccess: () => toast('success', t('model.used', { id: modelId })),
      }),
  }
}
