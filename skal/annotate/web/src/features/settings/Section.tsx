import { useId, type ReactNode } from 'react'
import styles from './Settings.module.css'

export const Section = ({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) => (
  <section className={styles.section} aria-label={title}>
    <h2>{title}</h2>
    {hint !== undefined && <p className={styles.soft}>{hint}</p>}
    {children}
  </section>
)

type RowProps = { name: string; hint?: string | undefined; children: (labelId: string) => ReactNode }

/** One setting: its name on the left, what is chosen on the right. */
export const Row = ({ name, hint, children }: RowProps) => {
  const id = useId()
  return (
    <div className={styles.row}>
      <div className={styles.rowText}>
        <div id={id}>{name}</div>
        {hint !== undefined && <div className={styles.soft}>{hint}</div>}
      </div>
      <div className={styles.control}>{children(id)}</div>
    </div>
  )
}
