import { createHash } from 'node:crypto'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import type { Plugin } from 'vite'

const NAME = 'manifest.json'

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesBelow(path) : [path]
  })

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')

/** The sums of all files of a folder, by their names below it, in the order of the names. */
export const sumsOf = (folder: string): Record<string, string> => {
  const named = filesBelow(folder).map((path) => [relative(folder, path).split(sep).join('/'), path] as const)
  const kept = named.filter(([name]) => name !== NAME).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(kept.map(([name, path]) => [name, sha256(path)]))
}

/** Writes the sha256 sums of a build beside it, by which an installation checks itself. */
export const hashManifest = (): Plugin => {
  let folder = ''
  return {
    name: 'hash-manifest',
    apply: 'build',
    configResolved: (config) => {
      folder = resolve(config.root, config.build.outDir)
    },
    closeBundle: () => {
      const text = JSON.stringify({ files: sumsOf(folder) }, null, 2)
      writeFileSync(join(folder, NAME), `${text}\n`)
    },
  }
}
