import { NativeSelect } from '@mantine/core'

type Props<T extends string> = {
  labelId: string
  values: readonly T[]
  names: (value: T) => string
  value: string
  isDisabled: boolean
  onChoose: (value: T) => void
}

/** One of several values; one that was set from Python stays until another is chosen. */
export const NativeChoice = <T extends string>({ labelId, values, names, value, isDisabled, onChoose }: Props<T>) => {
  const options = values.map((known) => ({ value: known, label: names(known) }))
  const isOther = !values.some((known) => known === value)
  return (
    <NativeSelect
      aria-labelledby={labelId}
      data={isOther ? [{ value, label: value }, ...options] : options}
      value={value}
      disabled={isDisabled}
      onChange={(event) => {
        const known = values.find((one) => one === event.currentTarget.value)
        if (known !== undefined) onChoose(known)
      }}
    />
  )
}
