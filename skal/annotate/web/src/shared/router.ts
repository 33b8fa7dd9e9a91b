import { useSyncExternalStore } from 'react'

export type Route =
  | { screen: 'projects' }
  | { screen: 'settings' }
  | { screen: 'label'; projectId: string }
  | { screen: 'model'; projectId: string }
  | { screen: 'unknown'; path: string }

const IN_PROJECT = /^\/p\/([^/]+)\/(label|model)$/

/** The screen that a fragment of the address names. */
export const routeOf = (hash: string): Route => {
  const path = hash.replace(/^#/, '') || '/'
  if (path === '/') return { screen: 'projects' }
  if (path === '/settings') return { screen: 'settings' }
  const [, id, screen] = IN_PROJECT.exec(path) ?? []
  if (id === undefined) return { screen: 'unknown', path }
  return { screen: screen === 'model' ? 'model' : 'label', projectId: decodeURIComponent(id) }
}

export const hrefOf = (route: Route): string => {
  switch (route.screen) {
    case 'projects':
      return '#/'
    case 'settings':
      return '#/settings'
    case 'unknown':
      return `#${route.path}`
    default:
      return `#/p/${encodeURIComponent(route.projectId)}/${route.screen}`
  }
}

export const goTo = (route: Route): void => {
  window.location.hash = hrefOf(route)
}

const subscribe = (onChange: () => void) => {
  window.addEventListener('hashchange', onChange)
  return () => window.removeEventListener('hashchange', onChange)
}

export const useRoute = (): Route =>
  routeOf(useSyncExternalStore(subscribe, () => window.location.hash))
