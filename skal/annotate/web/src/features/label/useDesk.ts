import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useStore } from 'zustand'
import type { ClassOut, ProjectState } from '../../shared/api/types'
import { onServerEvent } from '../../shared/project/live'
import { keys, noteDone } from '../../shared/project/queries'
import { usePreferences } from '../../shared/settings/store'
import { announce } from '../../shared/ui/announcer'
import { toast, toastError } from '../../shared/ui/toasts'
import { DeskControl, type Desk, type Hooks, type Told } from './desk'
import type { Change } from './model'

export const nameOf = (classes: readonly ClassOut[], labelId: number | null): string =>
  classes.find(({ id }) => id === labelId)?.name ?? ''

/** A change in words, such as "Labeled cat". */
export const useWords = () => {
  const { t } = useTranslation()
  return (change: Change | null, classes: readonly ClassOut[]): string => {
    if (change === null) return ''
    if (change.kind === 'label') return t('label.said.label', { name: nameOf(classes, change.labelId) })
    if (change.kind === 'flag') return t(change.flag ? 'label.said.flag' : 'label.said.unflag')
    return t(`label.said.${change.kind}`)
  }
}

const useTell = (state: ProjectState | undefined) => {
  const { t } = useTranslation()
  const words = useWords()
  return ({ what, change }: Told) => {
    const said = words(change, state?.classes ?? [])
    const told =
      what === 'decided' ? said : t(what === 'undone' ? 'label.said.undo' : 'label.said.redo', { what: said })
    const n = Math.min(state?.round.size ?? 0, (state?.round.n_done ?? 0) + 1)
    announce(t('label.announced', { what: told, n, size: state?.round.size ?? 0 }))
  }
}

/** The table of a project: it begins when the screen does, and ends with it. */
export const useDesk = (projectId: string, state: ProjectState | undefined): DeskControl => {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const tell = useTell(state)
  const hooks: Hooks = {
    onDone: (done) => noteDone(queries, projectId, done),
    onRecentChange: () => void queries.invalidateQueries({ queryKey: keys.recent(projectId) }),
    onTold: tell,
    onNothing: (kind, isOffline) => {
      const nothing = kind === 'undo' ? t('label.nothingToUndo') : t('label.nothingToRedo')
      toast('info', isOffline ? t('label.undoOffline') : nothing)
    },
    onError: toastError,
    seesPredictions: () => usePreferences.getState().showsPredictions,
  }
  const latest = useRef(hooks)
  useEffect(() => {
    latest.current = hooks
  })
  const desk = useMemo(
    () =>
      new DeskControl(projectId, {
        onDone: (done) => latest.current.onDone(done),
        onRecentChange: () => latest.current.onRecentChange(),
        onTold: (told) => latest.current.onTold(told),
        onNothing: (kind, isOffline) => latest.current.onNothing(kind, isOffline),
        onError: (error) => latest.current.onError(error),
        seesPredictions: () => latest.current.seesPredictions(),
      }),
    [projectId],
  )
  useEffect(() => {
    const stop = desk.begin()
    const stopEvents = onServerEvent((event) => {
      if (event.type === 'queue' && event.project_id === projectId) desk.planChanged()
      if (event.type === 'hello') void desk.refill()
    })
    return () => {
      stop()
      stopEvents()
    }
  }, [desk, projectId])
  return desk
}

export const useDeskValue = <T>(desk: DeskControl, read: (desk: Desk) => T): T =>
  useStore(desk.store, read)
