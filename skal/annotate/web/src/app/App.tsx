import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useConnection } from '../shared/api/connection'
import { Problem } from '../shared/api/problem'
import { changeLanguage } from '../shared/i18n'
import { useLiveData } from '../shared/project/live'
import { usePreferences } from '../shared/settings/store'
import { Announcer, Toasts } from '../shared/ui/Toasts'
import { Boundary } from './Boundary'
import { Launch } from './Launch'
import { Shell } from './Shell'
import { theme } from './theme'

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      networkMode: 'always', // the server is on this computer: the browser's "offline" is not ours
      refetchOnWindowFocus: false,
      retry: (nTimes, error) => nTimes < 2 && !(error instanceof Problem && error.status < 500),
    },
    mutations: { networkMode: 'always' },
  },
})

export const App = ({ hasToken }: { hasToken: boolean }) => {
  const chosen = usePreferences((preferences) => preferences.theme)
  const isRefused = useConnection((connection) => connection.isRefused)
  usePreferredLook()
  return (
    <MantineProvider
      theme={theme}
      withCssVariables={false}
      withGlobalClasses={false}
      {...(chosen === 'auto' ? { defaultColorScheme: 'auto' as const } : { forceColorScheme: chosen })}
    >
      <QueryClientProvider client={queries}>
        <Boundary>
          {isRefused ? <Launch wasRefused={hasToken} /> : <Live />}
        </Boundary>
        <Toasts />
        <Announcer />
      </QueryClientProvider>
    </MantineProvider>
  )
}

const Live = () => {
  useLiveData()
  return <Shell />
}

/** Language and motion as they are preferred. */
const usePreferredLook = (): void => {
  const { language, motion } = usePreferences()
  useEffect(() => changeLanguage(language), [language])
  useEffect(() => {
    document.documentElement.dataset['motion'] = motion
  }, [motion])
}
