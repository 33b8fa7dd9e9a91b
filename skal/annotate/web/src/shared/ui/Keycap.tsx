import { capsOf } from '../keys/model'
import styles from './Keycap.module.css'

/** A binding, drawn as the keys to press. */
export const Keycaps = ({ binding }: { binding: string }) => (
  <span className={styles.caps}>
    {capsOf(binding).map((cap) => (
      <kbd key={cap} className={styles.cap}>
        {cap}
      </kbd>
    ))}
  </span>
)

/** The first key of an action, where there is little room. */
export const Keycap = ({ keys }: { keys: readonly string[] }) => {
  const first = keys[0]
  return first === undefined ? null : <Keycaps binding={first} />
}
