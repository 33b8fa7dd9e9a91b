import type { ReactNode } from 'react'
import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Problem } from '../api/problem'
import styles from './Message.module.css'

type Props = { title: string; children?: ReactNode; actions?: ReactNode; role?: 'alert' | 'status' }

/** What is said in the middle of a screen that has nothing else to show. */
export const Message = ({ title, children, actions, role }: Props) => (
  <div className={styles.message} role={role}>
    <h2 className={styles.title}>{title}</h2>
    {children !== undefined && <div className={styles.text}>{children}</div>}
    {actions !== undefined && <div className={styles.actions}>{actions}</div>}
  </div>
)

/** An error where its data would be: what was expected, and what to do. */
export const ErrorMessage = ({
  title,
  error,
  onRetry,
}: {
  title: string
  error: unknown
  onRetry?: () => void
}) => {
  const { t } = useTranslation()
  const text = error instanceof Error ? error.message : String(error)
  const retry = onRetry && <Button onClick={onRetry}>{t('app.retry')}</Button>
  return (
    <Message title={title} role="alert" actions={retry}>
      <p>{text}</p>
      {error instanceof Problem && error.fix !== null && <p>{error.fix}</p>}
    </Message>
  )
}
