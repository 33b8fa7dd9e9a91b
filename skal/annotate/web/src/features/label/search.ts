const plain = (text: string): string =>
  text.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase()

/** The labels whose names hold a text, those that begin with it first; accents do not matter. */
export const searchLabels = <T extends { name: string }>(labels: readonly T[], text: string): T[] => {
  const wanted = plain(text.trim())
  const found = labels.filter(({ name }) => plain(name).includes(wanted))
  const first = found.filter(({ name }) => plain(name).startsWith(wanted))
  return [...first, ...found.filter((label) => !first.includes(label))]
}
