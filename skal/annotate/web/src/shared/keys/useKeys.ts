import { useEffect, useMemo, useRef } from 'react'
import { usePreferences } from '../settings/store'
import { actionOf, boundActions, isInert, type Bound, type Scope } from './model'

export type Handlers = Readonly<Record<string, (event: KeyboardEvent) => void>>

export const useBoundActions = (): Bound[] => {
  const overrides = usePreferences((preferences) => preferences.keys)
  return useMemo(() => boundActions(overrides), [overrides])
}

/** The keys of one action, to be printed beside it. */
export const useKeysOf = (): ((id: string) => readonly string[]) => {
  const bound = useBoundActions()
  return useMemo(() => {
    const byId = new Map(bound.map((action) => [action.id, action.keys]))
    return (id) => byId.get(id) ?? []
  }, [bound])
}

/** Let keys act: those of a scope, where a handler of that name is given. */
export const useKeys = (scope: Scope, handlers: Handlers): void => {
  const bound = useBoundActions()
  const latest = useRef(handlers)
  useEffect(() => {
    latest.current = handlers
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isInert(event)) return
      const action = actionOf(event, bound, [scope])
      const handler = action && latest.current[action.id]
      if (handler === undefined) return
      event.preventDefault()
      if (!event.repeat || action?.repeats === true) handler(event)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [bound, scope])
}
