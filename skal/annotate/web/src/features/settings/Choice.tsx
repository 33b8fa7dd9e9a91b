import { SegmentedControl } from '@mantine/core'

type Props<T extends string> = {
  labelId: string
  values: readonly T[]
  names: (value: T) => string
  value: T
  isDisabled?: boolean
  onChoose: (value: T) => void
}

/** One of a few values, all of them in sight. */
export const Choice = <T extends string>({ labelId, values, names, value, isDisabled, onChoose }: Props<T>) => (
  <SegmentedControl
    role="radiogroup"
    aria-labelledby={labelId}
    data={values.map((known) => ({ value: known, label: names(known) }))}
    value={value}
    disabled={isDisabled === true}
    transitionDuration={0}
    onChange={(chosen) => {
      const known = values.find((one) => one === chosen)
      if (known !== undefined) onChoose(known)
    }}
  />
)
