import { useTranslation } from 'react-i18next'
import { useOutbox } from '../shared/outbox/outbox'
import styles from './Launch.module.css'

/** What is said to who comes without a key: how to come in. */
export const Launch = ({ wasRefused }: { wasRefused: boolean }) => {
  const { t } = useTranslation()
  const n = useOutbox((outbox) => outbox.letters.length)
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <p className={styles.brand}>{t('app.name')}</p>
        <h1>{t('launch.title')}</h1>
        <p>{wasRefused ? t('launch.refused') : t('launch.missing')}</p>
        <p>{t('launch.fix')}</p>
        <pre className={styles.code}>{`${window.location.origin}/#token=…`}</pre>
        <p>{t('launch.again')}</p>
        <pre className={styles.code}>{'skal annotate --url'}</pre>
        {n > 0 && <p className={styles.kept}>{t('launch.kept', { count: n })}</p>}
      </div>
    </main>
  )
}
