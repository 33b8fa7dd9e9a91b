import { useEffect, useState } from 'react'
import { useSession } from '../shared/project/queries'
import { goTo, type Route } from '../shared/router'

/** The project that screens of no project lead back to. */
export const useLastProject = (route: Route): string | null => {
  const [last, setLast] = useState<string | null>(null)
  const { data: session } = useSession()
  const id = 'projectId' in route ? route.projectId : null
  useEffect(() => {
    if (id !== null) setLast(id)
  }, [id])
  useOpening(session?.project_id ?? null, route)
  return id ?? last
}

let hasOpened = false

/** Go to the project that the program was started on, once, if no screen was asked for. */
const useOpening = (projectId: string | null, route: Route): void => {
  useEffect(() => {
    if (hasOpened || projectId === null) return
    hasOpened = true
    if (route.screen === 'projects') goTo({ screen: 'label', projectId })
  }, [projectId, route.screen])
}
