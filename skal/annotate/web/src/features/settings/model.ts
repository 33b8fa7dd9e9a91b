export const POLICIES = ['batch', 'every', 'idle', 'manual'] as const
export const MODES = ['visible', 'blind'] as const
export const STRATEGIES = [
  'margin',
  'least_confidence',
  'entropy',
  'diversity',
  'hybrid',
  'random',
] as const
export const LEARNERS = ['logistic', 'cnn', 'resnet18'] as const

/** The whole number that a field holds, brought between two limits; null where it is none. */
export const wholeWithin = (text: string | number, min: number, max: number): number | null => {
  const value = typeof text === 'number' ? text : Number.parseFloat(text)
  return Number.isFinite(value) ? Math.min(max, Math.max(min, Math.round(value))) : null
}
