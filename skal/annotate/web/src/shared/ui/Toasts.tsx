import { Button, CloseButton } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { useAnnouncement } from './announcer'
import styles from './Toasts.module.css'
import { dismissToast, useToasts, type Toast } from './toasts'

export const Toasts = () => {
  const toasts = useToasts((store) => store.toasts)
  return (
    <div className={styles.stack} aria-live="polite" role="status">
      {toasts.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
    </div>
  )
}

const ToastCard = ({ toast }: { toast: Toast }) => {
  const { t } = useTranslation()
  const { action } = toast
  const act = () => {
    action?.run()
    dismissToast(toast.id)
  }
  return (
    <div className={styles.toast} data-tone={toast.tone}>
      <div className={styles.text}>
        <div>{toast.text}</div>
        {toast.fix != null && <div className={styles.fix}>{toast.fix}</div>}
      </div>
      {action && (
        <Button size="compact-sm" variant="light" onClick={act}>
          {action.label}
        </Button>
      )}
      <CloseButton size="sm" aria-label={t('app.dismiss')} onClick={() => dismissToast(toast.id)} />
    </div>
  )
}

/** What screen readers say, and nobody sees. */
export const Announcer = () => {
  const { text, number } = useAnnouncement()
  return (
    <div className="visually-hidden" aria-live="polite" aria-atomic="true" data-testid="announcer">
      <span key={number}>{text}</span>
    </div>
  )
}
