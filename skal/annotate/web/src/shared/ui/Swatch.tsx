import styles from './Swatch.module.css'

const PATTERNS = 8

/** The color and the pattern of a label: either tells it from the others. */
export const Swatch = ({ color, index, size = 16 }: { color: string; index: number; size?: number }) => (
  <span
    aria-hidden="true"
    className={styles.swatch}
    data-pattern={index % PATTERNS}
    style={{ backgroundColor: color, width: size, height: size }}
  />
)
