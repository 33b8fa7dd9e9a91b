import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useConnection } from '../api/connection'
import { followEvents } from '../api/events'
import type { ServerEvent } from '../api/types'
import { applyEvent } from './queries'

type Listener = (event: ServerEvent) => void
const listeners = new Set<Listener>()

/** Be told of events that are more than data, such as that the queue was planned anew. */
export const onServerEvent = (listener: Listener): (() => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Follow the one stream of events, as long as the app is there. */
export const useLiveData = (): void => {
  const queries = useQueryClient()
  useEffect(
    () =>
      followEvents((event) => {
        if (event.type === 'hello') useConnection.setState({ instanceId: event.instance_id })
        applyEvent(queries, event)
        for (const listen of listeners) listen(event)
      }),
    [queries],
  )
}
