import { useEffect, useState } from 'react'
import { useSession } from '../shared/project/queries'
import { goTo, type Route } from '../shared/router'

const KEY = 'skal.project'

/** The project that screens of no project lead back to. */
export const useLastProject = (route: Route): string | null => {
  const [last, setLast] = useState(() => sessionStorage.getItem(KEY))
  const { data: session } = useSession()
  const id = 'projectId' in route ? route.projectId : null
  useEffect(() => {
    if (id === null) return
    setLast(id)
    sessionStorage.setItem(KEY, id) // a reload of the settings knows it still
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
