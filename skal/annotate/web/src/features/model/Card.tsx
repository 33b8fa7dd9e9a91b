import type { ReactNode } from 'react'
import styles from './Model.module.css'

type Props = { title: string; hint?: string; aside?: ReactNode; children: ReactNode }

export const Card = ({ title, hint, aside, children }: Props) => (
  <section className={styles.card} aria-label={title}>
    <header className={styles.cardHeader}>
      <h2>{title}</h2>
      {aside}
    </header>
    {hint !== undefined && <p className={styles.soft}>{hint}</p>}
    {children}
  </section>
)
