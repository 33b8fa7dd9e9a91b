const KEY = 'skal.token'
const IN_FRAGMENT = /^#token=([^&]+)(?:&(.*))?$/

/** The part of the window that a token comes from; the rest of the app never reads it. */
export type Place = {
  location: { hash: string; pathname: string; search: string }
  history: { replaceState: (data: unknown, unused: string, url: string) => void }
  sessionStorage: Pick<Storage, 'getItem' | 'setItem'>
}

/** Take the token out of the address bar, or else what was taken in this tab before. */
export const takeToken = ({ location, history, sessionStorage }: Place): string | null => {
  const found = IN_FRAGMENT.exec(location.hash)
  if (found?.[1] === undefined) return sessionStorage.getItem(KEY)
  const token = decodeURIComponent(found[1])
  sessionStorage.setItem(KEY, token)
  history.replaceState(null, '', `${location.pathname}${location.search}#${found[2] ?? '/'}`)
  return token
}
