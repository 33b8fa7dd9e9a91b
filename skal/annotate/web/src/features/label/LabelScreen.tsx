import { useDeferredValue, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { actionOf as keyActionOf } from '../../shared/keys/model'
import { useBoundActions } from '../../shared/keys/useKeys'
import type { ProjectState, Session } from '../../shared/api/types'
import { useOutbox } from '../../shared/outbox/outbox'
import { useAddLabel, useProjectState, useSession } from '../../shared/project/queries'
import { usePreferences } from '../../shared/settings/store'
import { TrainDialog } from '../../shared/training/TrainDialog'
import { TrainingBanner } from '../../shared/training/TrainingBanner'
import { ErrorMessage } from '../../shared/ui/Message'
import { toast, toastError } from '../../shared/ui/toasts'
import type { StageHandle } from '../../shared/viewer/Stage'
import { AnswerBar, type Doing } from './AnswerBar'
import { LabelBar } from './LabelBar'
import { LabelSearch } from './LabelSearch'
import styles from './LabelScreen.module.css'
import { topOf } from './messages'
import { currentCard, currentState, type Change } from './model'
import { NoteDialog } from './NoteDialog'
import { Notices } from './Notices'
import type { Projector } from './projector'
import { nCounted, roundWith } from './round'
import { CurvePanel } from './rail/CurvePanel'
import { LastPanel } from './rail/LastPanel'
import { RoundPanel } from './rail/RoundPanel'
import { WhyPanel } from './rail/WhyPanel'
import { StageArea, useHeld } from './StageArea'
import { FirstLabel, NothingToShow, Unreadable } from './States'
import { StatusBar } from './StatusBar'
import { useDesk, useDeskValue } from './useDesk'
import { useLabelKeys } from './useLabelKeys'

/** The main screen: an image, the labels, and what goes on. */
export const LabelScreen = ({ projectId }: { projectId: string }) => {
  const { t } = useTranslation()
  const session = useSession()
  const { data: state, error, refetch } = useProjectState(projectId)
  if (error !== null && state === undefined)
    return <ErrorMessage title={t('label.failed')} error={error} onRetry={() => void refetch()} />
  if (state === undefined || session.data === undefined) return null
  return <Labeling state={state} session={session.data} />
}

type Dialog = 'search' | 'note' | 'train' | null

const Labeling = ({ state, session }: { state: ProjectState; session: Session }) => {
  const desk = useDesk(state.id, state)
  const sitting = useDeskValue(desk, (value) => value.sitting)
  const later = useDeferredValue(sitting) // the rail comes after the image
  const moments = useDeferredValue(useDeskValue(desk, (value) => value.moments))
  const notice = useDeskValue(desk, (value) => value.notice)
  const [dialog, setDialog] = useState<Dialog>(null)
  const [flash, setFlash] = useState<{ labelId: number; n: number } | null>(null)
  const stage = useRef<StageHandle>(null)
  const projector = useRef<Projector>(null)
  const { showsPredictions, showsWhy } = usePreferences()
  const labels = useMemo(() => state.classes.filter(({ is_archived }) => !is_archived), [state.classes])
  const card = currentCard(sitting)
  const now = currentState(sitting)
  const isReadOnly = state.is_read_only

  const decide = (change: Change) => {
    if (isReadOnly || currentCard(desk.sitting) === null) return
    if (change.kind === 'label') setFlash((last) => ({ labelId: change.labelId, n: (last?.n ?? 0) + 1 }))
    desk.decide(change)
  }
  const doing = useDoing(desk, decide, setDialog)
  const chooseIndex = (index: number) => {
    const label = labels[index]
    if (label !== undefined) decide({ kind: 'label', labelId: label.id })
  }
  useLabelKeys({
    desk,
    doing,
    stage,
    isReadOnly,
    onAct: (moment) => projector.current?.noteAct(moment),
    choose: chooseIndex,
    askToTrain: () => setDialog('train'),
  })
  const bound = useBoundActions()
  const [isHidden] = useHeld((event) => keyActionOf(event, bound, ['label'])?.id === 'hide')
  const [, isPanKeyDown] = useHeld((event) => keyActionOf(event, bound, ['label'])?.id === 'pan')
  const { letters } = useOutbox()
  const nOnTheWay = nCounted(letters.filter((l) => l.projectId === state.id).map((l) => l.action))
  const round = useDeferredValue(useMemo(() => roundWith(state.round, nOnTheWay), [state.round, nOnTheWay]))
  const close = () => setDialog(null)
  return (
    <div className={styles.screen}>
      <StageArea
        desk={desk}
        sizes={session.limits.image_sizes}
        card={card}
        state={now}
        isHidden={isHidden}
        isPanKeyDown={isPanKeyDown}
        stage={stage}
        projector={projector}
        broken={(error) => <Unreadable name={card?.item.relpath ?? ''} error={error} />}
      >
        {card === null && <NothingToShow desk={desk} state={state} />}
      </StageArea>
      <div className={styles.answers}>
        {labels.length === 0 ? (
          <FirstLabel state={state} />
        ) : (
          <LabelBar
            projectId={state.id}
            labels={labels}
            card={card}
            state={now}
            showsPredictions={showsPredictions}
            flash={flash}
            isDisabled={isReadOnly || card === null}
            onChoose={(labelId) => {
              projector.current?.noteAct(performance.now())
              decide({ kind: 'label', labelId })
            }}
          />
        )}
        <AnswerBar
          state={now}
          hasTop={card !== null && showsPredictions && topOf(card) !== null}
          canUndo={sitting.done.length > 0 || state.n_undo > 0}
          canRedo={sitting.undone.length > 0 || state.n_redo > 0}
          isDisabled={isReadOnly}
          doing={doing}
        />
      </div>
      <aside className={styles.rail}>
        <div className={styles.banners}>
          <Notices state={state} desk={desk} />
          <TrainingBanner state={state} />
          <QueueNotice state={state} notice={notice} />
        </div>
        {showsWhy && <WhyPanel projectId={state.id} card={currentCard(later)} classes={state.classes} />}
        <RoundPanel state={state} round={round} moments={moments} />
        <CurvePanel state={state} />
        <LastPanel desk={desk} sitting={later} classes={state.classes} />
      </aside>
      <div className={styles.status}>
        <StatusBar state={state} />
      </div>
      <LabelSearch
        labels={labels}
        isOpen={dialog === 'search'}
        onClose={close}
        onChoose={(labelId) => decide({ kind: 'label', labelId })}
        onAdd={useAddByName(state, session, decide)}
      />
      <NoteDialog
        note={now?.note ?? ''}
        isOpen={dialog === 'note'}
        onClose={close}
        onSave={(note) => decide({ kind: 'note', note })}
      />
      <TrainDialog state={state} isOpen={dialog === 'train'} onClose={close} />
    </div>
  )
}

const useDoing = (
  desk: ReturnType<typeof useDesk>,
  decide: (change: Change) => void,
  setDialog: (dialog: Dialog) => void,
): Doing => {
  const { t } = useTranslation()
  const accept = () => {
    const card = currentCard(desk.sitting)
    const top = card && usePreferences.getState().showsPredictions ? topOf(card) : null
    if (top === null) toast('info', t('label.noTop'))
    else decide({ kind: 'label', labelId: top.label_id })
  }
  return {
    accept,
    skip: () => decide({ kind: 'skip' }),
    unsure: () => decide({ kind: 'unsure' }),
    exclude: () => decide({ kind: 'exclude' }),
    flag: () => decide({ kind: 'flag', flag: !(currentState(desk.sitting)?.isFlagged ?? false) }),
    note: () => currentCard(desk.sitting) !== null && setDialog('note'),
    search: () => setDialog('search'),
    undo: () => desk.undo(),
    redo: () => desk.redo(),
  }
}

const useAddByName = (state: ProjectState, session: Session, decide: (change: Change) => void) => {
  const add = useAddLabel(state.id)
  if (session.role !== 'owner' || state.is_read_only) return null
  return (name: string) =>
    add.mutate(name, {
      onError: toastError,
      onSuccess: (classes) => {
        const made = classes.find((label) => label.name === name)
        if (made !== undefined) decide({ kind: 'label', labelId: made.id })
      },
    })
}

const QueueNotice = ({ state, notice }: { state: ProjectState; notice: string | null }) => {
  const { t } = useTranslation()
  const { phase, n_done, n } = state.embedding
  if (phase === 'running' && n !== null)
    return <div className={styles.notice} role="status">{t('label.embedding', { n: n_done, total: n })}</div>
  return notice === null ? null : <div className={styles.notice} role="status">{notice}</div>
}
