import type { RefObject } from 'react'
import { N_KEYED_LABELS } from '../../shared/keys/model'
import { useKeys, type Handlers } from '../../shared/keys/useKeys'
import { goTo } from '../../shared/router'
import { prefer, usePreferences } from '../../shared/settings/store'
import { brighter, darker, inverted, narrower, wider, ZOOM_STEP } from '../../shared/viewer/geometry'
import type { StageHandle } from '../../shared/viewer/Stage'
import type { Doing } from './AnswerBar'
import type { DeskControl } from './desk'

type Options = {
  desk: DeskControl
  doing: Doing
  stage: RefObject<StageHandle | null>
  onAct: (moment: number) => void
  choose: (index: number) => void
  askToTrain: () => void
  isReadOnly: boolean
}

const nothing = () => undefined

/** What each key does on this screen; the keys themselves are in the keymap. */
export const useLabelKeys = (options: Options): void => {
  const { desk, doing, stage, choose, isReadOnly } = options
  const timed = (act: () => void) => (event: KeyboardEvent) => {
    options.onAct(event.timeStamp)
    act()
  }
  const labels = Array.from({ length: N_KEYED_LABELS }, (_, index) => [
    `label.${index + 1}`,
    timed(() => choose(index)),
  ])
  const deciding: Handlers = {
    ...Object.fromEntries(labels),
    ...Object.fromEntries(Object.entries(doing).map(([id, act]) => [id, timed(act)])),
    train: options.askToTrain,
  }
  const looking: Handlers = {
    previous: timed(() => desk.previous()),
    next: timed(() => desk.next()),
    zoomIn: () => stage.current?.zoom(ZOOM_STEP),
    zoomOut: () => stage.current?.zoom(1 / ZOOM_STEP),
    zoomCycle: () => stage.current?.cycleZoom(),
    narrower: () => stage.current?.changeWindow(narrower),
    wider: () => stage.current?.changeWindow(wider),
    darker: () => stage.current?.changeWindow(darker),
    brighter: () => stage.current?.changeWindow(brighter),
    invert: () => stage.current?.changeWindow(inverted),
    resetView: () => stage.current?.reset(),
    pan: nothing, // held with the pointer; here it keeps the page from scrolling
    hide: nothing,
    predictions: () => prefer({ showsPredictions: !usePreferences.getState().showsPredictions }),
    why: () => prefer({ showsWhy: !usePreferences.getState().showsWhy }),
    model: () => goTo({ screen: 'model', projectId: desk.projectId }),
  }
  useKeys('label', isReadOnly ? looking : { ...deciding, ...looking })
}
