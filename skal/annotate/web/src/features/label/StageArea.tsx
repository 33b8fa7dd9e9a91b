import { Button } from '@mantine/core'
import { useEffect, useLayoutEffect, useRef, useState, type ReactNode, type RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import { createStore, useStore, type StoreApi } from 'zustand'
import { useFormat } from '../../shared/format/useFormat'
import { NEUTRAL, type View, type Window } from '../../shared/viewer/geometry'
import { Stage, type StageHandle } from '../../shared/viewer/Stage'
import type { DeskControl } from './desk'
import { currentCard, type Card, type State } from './model'
import { Projector, type Seen } from './projector'
import styles from './StageArea.module.css'

type Props = {
  desk: DeskControl
  sizes: readonly number[]
  card: Card | null
  state: State | null
  isHidden: boolean
  isPanKeyDown: () => boolean
  stage: RefObject<StageHandle | null>
  projector: RefObject<Projector | null>
  broken: (error: unknown) => ReactNode
  children: ReactNode
}

const IDLE: StoreApi<Seen> = createStore<Seen>(() => ({ kind: 'nothing' }))
const UNTOUCHED = { view: null as View | null, window: NEUTRAL, isFit: true }

/** The image, what lies on it, and what is said when there is none. */
export const StageArea = (props: Props) => {
  const { desk, sizes, card, stage, projector } = props
  const { t } = useTranslation()
  const [seenStore, setSeenStore] = useState(IDLE)
  const seen = useStore(seenStore)
  const [look, setLook] = useState(UNTOUCHED)
  useLayoutEffect(() => {
    if (stage.current === null) return
    const made = new Projector(desk.projectId, sizes, stage.current)
    projector.current = made
    setSeenStore(made.seen)
    made.update(desk.sitting)
    const stop = desk.store.subscribe(({ sitting }, before) => {
      if (sitting !== before.sitting) made.update(sitting)
    })
    return () => {
      stop()
      made.dispose()
    }
  }, [desk, sizes, stage, projector])
  const name = card === null ? '' : t('label.image', { name: card.item.relpath })
  return (
    <div
      className={styles.area}
      data-testid="stage"
      data-item={card?.item.id}
      data-file={card?.item.relpath}
      data-seen={seen.kind}
    >
      <div className={styles.canvas} hidden={card === null}>
        <Stage
          ref={stage}
          label={name}
          isPanKeyDown={props.isPanKeyDown}
          onView={(view, window, isFit) => setLook(keepLook(view, window, isFit))}
          onNeedDetail={(pixels) => projector.current?.needDetail(pixels)}
        />
      </div>
      {card !== null && <Covering seen={seen} broken={props.broken} />}
      {card !== null && !props.isHidden && (
        <Overlays card={card} state={props.state} look={look} onReset={() => stage.current?.reset()} />
      )}
      {props.children}
    </div>
  )
}

const keepLook = (view: View, window: Window, isFit: boolean) => (now: typeof UNTOUCHED) =>
  now.isFit === isFit && now.window === window && (isFit || now.view?.scale === view.scale)
    ? now
    : { view, window, isFit }

const Covering = ({ seen, broken }: { seen: Seen; broken: Props['broken'] }) => {
  const { t } = useTranslation()
  if (seen.kind === 'broken') return <div className={styles.cover}>{broken(seen.error)}</div>
  if (seen.kind === 'loading' && seen.isSlow)
    return (
      <div className={styles.slow} role="status">
        {t('label.slow')}
      </div>
    )
  return null
}

type OverlayProps = { card: Card; state: State | null; look: typeof UNTOUCHED; onReset: () => void }

const Overlays = ({ card, state, look, onReset }: OverlayProps) => {
  const { t } = useTranslation()
  const format = useFormat()
  const { image, relpath } = card.item
  const facts = [
    t('label.size', { width: format.count(image.width), height: format.count(image.height) }),
    image.bits > 8 && t('label.bits', { bits: image.bits }),
  ]
  const isChanged = !look.isFit || look.window !== NEUTRAL
  return (
    <div className={styles.overlays}>
      <span className={styles.chip} title={relpath}>
        <span className={styles.file}>{relpath}</span>
        <span className={styles.facts}>{facts.filter(Boolean).join(' · ')}</span>
      </span>
      {card.isBlind && card.isMonitor && <span className={styles.chip}>{t('label.blind')}</span>}
      {state?.isFlagged === true && <span className={styles.chip}>⚑ {t('label.flagged')}</span>}
      {(state?.note ?? '') !== '' && (
        <span className={styles.chip}>{t('label.hasNote', { note: state?.note })}</span>
      )}
      {isChanged && (
        <Button size="compact-xs" variant="default" onClick={onReset}>
          {look.isFit ? t('label.contrast') : t('label.zoom', { percent: Math.round(100 * (look.view?.scale ?? 1)) })}
          {' · '}
          {t('label.resetView')}
        </Button>
      )}
    </div>
  )
}

/** Whether a key is held: what it hides comes back when it is let go. */
export const useHeld = (isKey: (event: KeyboardEvent) => boolean): [boolean, () => boolean] => {
  const [isHeld, setIsHeld] = useState(false)
  const now = useRef(false)
  const matches = useRef(isKey)
  useEffect(() => {
    matches.current = isKey
  })
  useEffect(() => {
    const set = (value: boolean) => {
      now.current = value
      setIsHeld(value)
    }
    const down = (event: KeyboardEvent) => matches.current(event) && set(true)
    const up = () => now.current && set(false)
    window.addEventListener('keydown', down)
    window.addEventListener('keyup', up)
    window.addEventListener('blur', up)
    return () => {
      window.removeEventListener('keydown', down)
      window.removeEventListener('keyup', up)
      window.removeEventListener('blur', up)
    }
  }, [])
  const read = useRef(() => now.current)
  return [isHeld, read.current]
}

export const isNothingOn = (desk: DeskControl): boolean => currentCard(desk.sitting) === null
