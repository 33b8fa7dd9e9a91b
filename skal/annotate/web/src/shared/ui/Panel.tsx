import type { ReactNode } from 'react'
import styles from './Panel.module.css'

type Props = { title: string; children: ReactNode; aside?: ReactNode; className?: string | undefined }

/** A part of a screen with a heading of its own. */
export const Panel = ({ title, children, aside, className }: Props) => (
  <section className={`${styles.panel} ${className ?? ''}`} aria-label={title}>
    <header className={styles.header}>
      <h2 className={styles.title}>{title}</h2>
      {aside}
    </header>
    {children}
  </section>
)
