type Tree = { [key: string]: string | Tree }

const ACCENTED: Readonly<Record<string, string>> = {
  a: 'á', c: 'ç', e: 'é', i: 'í', n: 'ñ', o: 'ö', s: 'š', u: 'ü', y: 'ý', z: 'ž',
  A: 'Á', C: 'Ç', E: 'É', I: 'Í', N: 'Ñ', O: 'Ö', S: 'Š', U: 'Ü', Y: 'Ý', Z: 'Ž',
}
const PLACEHOLDER = /(\{\{[^}]+\}\})/
const LONGER = 0.4 // than English, as some languages are

/** A text that reads as English, longer and accented: what is not translated stands out. */
export const pseudoText = (text: string): string => {
  const parts = text.split(PLACEHOLDER)
  const accented = parts.map((part) => (PLACEHOLDER.test(part) ? part : accentedText(part)))
  const padding = '~'.repeat(Math.ceil(text.length * LONGER))
  return `[${accented.join('')} ${padding}]`
}

const accentedText = (text: string): string => [...text].map((c) => ACCENTED[c] ?? c).join('')

export const pseudo = (tree: Tree): Tree =>
  Object.fromEntries(
    Object.entries(tree).map(([key, value]) => [
      key,
      typeof value === 'string' ? pseudoText(value) : pseudo(value),
    ]),
  )
