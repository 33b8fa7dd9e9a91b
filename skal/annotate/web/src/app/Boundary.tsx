import { Button } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Message } from '../shared/ui/Message'

/** Says so where a screen has a bug, instead of leaving it blank. */
export class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null }

  static getDerivedStateFromError(error: Error) {
    return { error }
  }

  override render() {
    return this.state.error === null ? this.props.children : <Crashed error={this.state.error} />
  }
}

const Crashed = ({ error }: { error: Error }) => {
  const { t } = useTranslation()
  const reload = <Button onClick={() => window.location.reload()}>{t('app.reload')}</Button>
  return (
    <Message title={t('app.crashed')} role="alert" actions={reload}>
      <p>{t('app.crashedFix')}</p>
      <p>{error.message}</p>
    </Message>
  )
}
