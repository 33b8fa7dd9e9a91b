import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app/App'
import './app/mantine.css'
import './app/global.css'
import { readToken } from './shared/api/http'
import { startI18n } from './shared/i18n'
import { startOutbox } from './shared/outbox/outbox'
import { usePreferences } from './shared/settings/store'

const token = readToken()
startI18n(usePreferences.getState().language)
startOutbox()

const root = document.getElementById('root')
if (root === null) throw new Error('the page has no root')
createRoot(root).render(
  <StrictMode>
    <App hasToken={token !== null} />
  </StrictMode>,
)
