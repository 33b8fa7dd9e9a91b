/** One message of a stream of server-sent events. */
export type Frame = { id: string | null; event: string; data: string }

const END = /\r?\n\r?\n/

/** Take the whole messages off a text that is still coming in; comments are none. */
export const takeFrames = (text: string): { frames: Frame[]; rest: string } => {
  const parts = text.split(END)
  const rest = parts.pop() ?? ''
  return { frames: parts.map(frameOf).filter((frame) => frame !== null), rest }
}

const frameOf = (block: string): Frame | null => {
  const fields = block.split(/\r?\n/).map(fieldOf)
  const last = (name: string) => fields.findLast(([field]) => field === name)?.[1]
  const data = fields.filter(([field]) => field === 'data').map(([, value]) => value)
  if (data.length === 0) return null
  return { id: last('id') ?? null, event: last('event') ?? 'message', data: data.join('\n') }
}

const fieldOf = (line: string): [string, string] => {
  const at = line.indexOf(':')
  if (at < 0) return [line, '']
  return [line.slice(0, at), line.slice(at + 1).replace(/^ /, '')]
}
